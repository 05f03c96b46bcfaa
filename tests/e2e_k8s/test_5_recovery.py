"""Each part that holds something is killed once, as a crash would, and comes back with it; a batch is trained again."""

from collections.abc import Callable

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from mlflow.exceptions import MlflowException
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from k8s.commands.kubectl import ClusterError, objects
from readmission.dag_runs.airflow_api import ENDED, AirflowClient, DagRun
from readmission.dag_runs.run import PIPELINE
from tests.conftest import Answer, Poll
from tests.e2e_k8s import crash
from tests.e2e_k8s.cluster import Cluster
from tests.outside.pipeline import parents, production
from tests.outside.serving import ORIGINAL, predict

pytestmark = pytest.mark.usefixtures("pipeline")

DEADLINE = 180.0
TRAIN = PIPELINE[-1]
_BATCHES = f"dag_id={TRAIN},task_id=entrenar_lote"


def test_mysql_comes_back_with_its_rows(cluster: Cluster, poll: Poll) -> None:
    rows = _rows(cluster)
    before = predict(cluster, ORIGINAL)
    _crash(cluster, poll, "mysql-0", "mysql")
    assert poll(lambda: _tried(lambda: _rows(cluster)), DEADLINE, every=1) == [rows[0], rows[1] + 1]
    again = poll(lambda: _tried(lambda: predict(cluster, ORIGINAL)), DEADLINE, every=1)
    assert again
    assert (again["probability"], again["model_version"]) == (before["probability"], before["model_version"])


def test_the_object_store_comes_back_with_its_objects(cluster: Cluster, poll: Poll) -> None:
    before = _objects(cluster)
    _crash(cluster, poll, "minio-0", "minio")
    assert poll(lambda: _tried(lambda: _objects(cluster)), DEADLINE, every=1) == before
    assert before


def test_mlflow_comes_back_with_the_version_while_predictions_go_on(cluster: Cluster, poll: Poll) -> None:
    version = production(cluster).version
    (server,) = objects("pods", selector="app.kubernetes.io/name=mlflow")
    _crash(cluster, poll, server["metadata"]["name"], "mlflow")
    assert predict(cluster, ORIGINAL)["model_version"] == version
    assert poll(lambda: _tried(lambda: production(cluster).version), DEADLINE, every=1) == version


def test_a_training_outlives_a_batchs_pod(cluster: Cluster, poll: Poll) -> None:
    with cluster.airflow as airflow:
        for dag_id in PIPELINE:
            airflow.set_paused(dag_id, dag_id != TRAIN)
        run = airflow.trigger(TRAIN, {"n_estimators": 50})
        found = poll(lambda: _training(airflow, run), deadline=240, every=0.5)
        assert found
        pod, index = found
        crash.kill(pod)
        poll(lambda: airflow.run(run).state in ENDED, deadline=500, every=1)
        assert airflow.run(run).state == "success"
        tries = {task.map_index: task.try_number for task in airflow.task_instances(run) if task.map_index >= 0}
    assert tries == {each: 2 if each == index else 1 for each in tries}
    parent = parents(cluster)[0].info
    children = cluster.mlflow.search_runs([parent.experiment_id], f"tags.mlflow.parentRunId = '{parent.run_id}'")
    finished = sorted(run.data.tags["batch_id"] for run in children if run.info.status == "FINISHED")
    assert (parent.status, finished) == ("FINISHED", [*map(str, range(1, len(tries) + 1)), "all"])


def _crash(cluster: Cluster, poll: Poll, pod: str, service: str) -> None:
    before = crash.restarts(pod)
    crash.kill(pod)
    poll(lambda: crash.restarts(pod) > before and crash.is_ready(pod), DEADLINE, every=0.5)
    cluster.close(service)


def _tried(ask: Callable[[], Answer]) -> Answer | None:
    """The answer, or None while the part comes back."""
    try:
        return ask()
    except (
        httpx.HTTPError,
        MlflowException,
        SQLAlchemyError,
        ClientError,
        BotoCoreError,
        ClusterError,
        AssertionError,
    ):
        return None


def _rows(cluster: Cluster) -> list[int]:
    counts = [f"SELECT COUNT(*) FROM RAW_DATA.{table}" for table in ("initial_data", "predictions")]
    with cluster.database("owner").connect() as connection:
        return [int(connection.execute(text(count)).scalar_one()) for count in counts]


def _objects(cluster: Cluster) -> dict[str, str]:
    """What the bucket holds: each name with the digest of its content."""
    with cluster.object_store() as store:
        pages = store.get_paginator("list_objects_v2").paginate(Bucket="mlflows3")
        return {entry["Key"]: entry["ETag"] for page in pages for entry in page.get("Contents", ())}


def _training(airflow: AirflowClient, run: DagRun) -> tuple[str, int] | None:
    """A batch's pod that is at work, and the number of its task."""
    at_work = {task.map_index for task in airflow.task_instances(run) if task.state == "running"}
    for pod in objects("pods", selector=_BATCHES):
        index = int(pod["metadata"]["labels"]["map_index"])
        if index in at_work and pod["status"]["phase"] == "Running":
            return pod["metadata"]["name"], index
    return None
