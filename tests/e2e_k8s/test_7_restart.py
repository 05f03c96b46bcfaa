"""`k8s-down` and `k8s-up` keep data, models and history."""

from time import monotonic

import pytest

from k8s.commands import platform
from k8s.commands.kubectl import objects
from tests.conftest import Poll
from tests.e2e_k8s.cluster import Cluster
from tests.e2e_k8s.conftest import OVERLAY, REGISTRY
from tests.outside.figures import Figures
from tests.outside.pipeline import parents, production
from tests.outside.serving import ORIGINAL, predict

pytestmark = pytest.mark.usefixtures("pipeline")


def test_the_same_prediction_from_the_same_version_after_down_and_up(
    cluster: Cluster, poll: Poll, figures: Figures
) -> None:
    before, trainings, version = predict(cluster, ORIGINAL), len(parents(cluster)), production(cluster).version
    with cluster.airflow as airflow:
        history = {run.dag_run_id for run in airflow.runs("entrenar_modelo")}
    cluster.close()
    platform.down(purge=False)
    assert objects("pods", "deployments", "statefulsets") == []
    begun = monotonic()
    platform.up(OVERLAY, REGISTRY, None, lambda _: None)
    figures["down_to_ready_again_seconds"] = round(monotonic() - begun, 1)
    poll(lambda: cluster.ask("/health/ready").is_success, deadline=60, every=1)
    after = predict(cluster, ORIGINAL)
    assert after["prediction_id"] != before["prediction_id"]
    assert (after["probability"], after["model_version"]) == (before["probability"], before["model_version"])
    assert (len(parents(cluster)), production(cluster).version) == (trainings, version)
    with cluster.airflow as airflow:
        assert {run.dag_run_id for run in airflow.runs("entrenar_modelo")} == history
