"""Trainings that end otherwise than they should, in a real Airflow: marked as failed, killed, deleted."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import psutil
import pytest
from mlflow.entities import Run

from connections.model_registry import client
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.clean import prepared_sets
from readmission.dag_runs.airflow_api import ENDED, AirflowClient, DagRun
from readmission.dag_runs.run import run_dag, wait_for_dags
from readmission.dag_runs.unfinished import asking
from readmission.errors import InUseError
from readmission.local import airflow as local_airflow
from readmission.local.demo import airflow_client
from readmission.local.service import Folders
from readmission.storage import leases
from readmission.storage.leases import Lease, Owner
from readmission.training import batches, recovery
from tests.conftest import Poll, running
from tests.integration.training.small import FOREST, PREPARED, small
from tests.integration.training.test_recovery import went_silent

TRAINING = "entrenar_modelo"
# So large a forest that a batch goes on until it is broken off.
SLOW = {"n_estimators": 2000, "min_samples_leaf": 1, "max_features": 1.0}
STARTS = 180.0


@pytest.fixture(scope="module")
def settings(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return small(stores, tmp_path_factory.mktemp("broken"), "broken off")


@pytest.fixture(scope="module")
def airflow(settings: Settings) -> Iterator[AirflowClient]:
    """An Airflow of the module's own, in which the DAGs are active."""
    services, folders = local_airflow.services(settings), Folders.of(settings)
    folders.create(services)
    local_airflow.prepare(settings, lambda: None)
    with ExitStack() as stack:
        for service in services:
            stack.enter_context(running(service, folders))
        client = stack.enter_context(airflow_client(settings))
        wait_for_dags(client)
        for dag_id in (TRAINING, "preprocesar_datos"):
            client.set_paused(dag_id, False)
        yield client


@pytest.fixture
def in_a_batch(airflow: AirflowClient, settings: Settings, poll: Poll) -> DagRun:
    """A run of the training with a batch that is being trained."""
    run = airflow.trigger(TRAINING, SLOW)
    poll(lambda: runs(settings, run, "RUNNING", "batch"), deadline=STARTS)
    return run


def runs(settings: Settings, of: DagRun, status: str, kind: str) -> list[Run]:
    """The MLflow runs of a DAG run in one status: of the training or its batches."""
    tracking = client(settings)
    experiment = tracking.get_experiment_by_name(settings.experiment)
    if experiment is None:
        return []
    parents = tracking.search_runs([experiment.experiment_id], "tags.kind = 'training'")
    mine = {run.info.run_id for run in parents if of.dag_run_id in run.data.tags["held_by"]}
    found = tracking.search_runs([experiment.experiment_id], f"tags.kind = '{kind}' and attributes.status = '{status}'")
    return [run for run in found if mine & {run.info.run_id, run.data.tags.get("mlflow.parentRunId")}]


def held(settings: Settings) -> Lease | None:
    return leases.held(engine_for(settings, "CLEAN_DATA"), leases.PREPARED_SET)


def ask(settings: Settings) -> recovery.AskAirflow:
    password = settings.airflow_admin_password.get_secret_value()
    return asking(settings.url("airflow"), settings.airflow_admin_user, password)


def request(settings: Settings, method: str, run: DagRun, below: str = "", **body: str) -> httpx.Response:
    """What a person does to a run on Airflow's pages."""
    account = {"username": settings.airflow_admin_user, "password": settings.airflow_admin_password.get_secret_value()}
    with httpx.Client(base_url=settings.url("airflow"), timeout=30, trust_env=False) as http:
        token = http.post("/auth/token", json=account).json()["access_token"]
        path = f"/api/v2/dags/{run.dag_id}/dagRuns/{run.dag_run_id}{below}"
        answer = http.request(method, path, json=body or None, headers={"Authorization": f"Bearer {token}"})
    assert answer.is_success, answer.text
    return answer


def has_ended(airflow: AirflowClient, run: DagRun) -> bool:
    return airflow.run(run).state in ENDED


def kill_a_task(settings: Settings, run: DagRun) -> None:
    """Kills the process of a task of a run, as a machine does that is out of memory."""
    found = request(settings, "GET", run, "/taskInstances?state=running").json()["task_instances"]
    titles = {f"airflow worker -- {task['id']}" for task in found}
    (process, *_) = (each for each in psutil.process_iter(["cmdline"]) if {*(each.info["cmdline"] or [])} & titles)
    process.send_signal(signal.SIGKILL)


def test_data_are_free_when_a_run_that_was_marked_as_failed_has_ended(
    airflow: AirflowClient, settings: Settings, in_a_batch: DagRun, poll: Poll
) -> None:
    with pytest.raises(InUseError, match=in_a_batch.dag_run_id.replace("+", r"\+")):
        recovery.free_lost(settings, ask(settings))
    request(settings, "PATCH", in_a_batch, state="failed")
    poll(lambda: has_ended(airflow, in_a_batch), deadline=STARTS)
    assert airflow.run(in_a_batch).state == "failed"
    assert held(settings) is None
    assert runs(settings, in_a_batch, "RUNNING", "training") == runs(settings, in_a_batch, "RUNNING", "batch") == []
    assert len(runs(settings, in_a_batch, "KILLED", "training")) == 1
    states = {task.task_id: task.state for task in airflow.task_instances(in_a_batch)}
    assert (states["cerrar_entrenamiento"], states["seleccionar_modelo"]) == ("failed", "skipped")
    (closing,) = (task for task in airflow.task_instances(in_a_batch) if task.task_id == "cerrar_entrenamiento")
    log = airflow.task_log(in_a_batch, closing)
    assert "error cerrar_entrenamiento failed: the training was broken off before it came to a model;" in log[-1]
    assert closing.try_number == 1 and len(log) < 30


def test_what_was_killed_is_closed_too(
    airflow: AirflowClient, settings: Settings, in_a_batch: DagRun, poll: Poll
) -> None:
    kill_a_task(settings, in_a_batch)
    waiting = ("up_for_retry", "failed")
    poll(lambda: any(task.state in waiting for task in airflow.task_instances(in_a_batch)), deadline=STARTS)
    lease = held(settings)
    assert lease is not None and lease.owner.run_id == in_a_batch.dag_run_id
    request(settings, "PATCH", in_a_batch, state="failed")
    poll(lambda: has_ended(airflow, in_a_batch), deadline=STARTS)
    assert held(settings) is None
    assert runs(settings, in_a_batch, "RUNNING", "training") == runs(settings, in_a_batch, "RUNNING", "batch") == []
    assert len(runs(settings, in_a_batch, "KILLED", "batch")) >= 1


def test_the_next_step_frees_what_a_deleted_run_left(airflow: AirflowClient, settings: Settings) -> None:
    run = airflow.trigger("crear_bases_si_no_existen")  # it is paused, so that it stays queued
    plan = batches.begin(settings, FOREST, owner=Owner(dag_id=run.dag_id, run_id=run.dag_run_id))
    went_silent(settings)
    with pytest.raises(InUseError, match="the run manual"):
        recovery.free_lost(settings, ask(settings))
    request(settings, "DELETE", run)
    before = prepared_sets.current(settings)
    run_dag(airflow, "preprocesar_datos", lambda *_: None, PREPARED.model_dump())
    assert prepared_sets.current(settings).prepared_id > before.prepared_id
    assert held(settings) is None
    assert client(settings).get_run(plan.parent_run_id).info.status == "KILLED"


def test_whether_a_run_goes_on_is_not_guessed(settings: Settings) -> None:
    batches.begin(settings, FOREST, owner=Owner(dag_id=TRAINING, run_id="manual__1"))
    went_silent(settings)
    nobody = asking("http://127.0.0.1:9", "admin", "no password")
    with pytest.raises(InUseError, match=r"Airflow does not say whether it goes on .*`readmission unlock --force`"):
        recovery.free_lost(settings, nobody)
    assert recovery.free_lost(settings, ask(settings)) is not None
