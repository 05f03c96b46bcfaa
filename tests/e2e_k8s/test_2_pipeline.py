"""The main job, done by the DAGs on the cluster and seen from outside; each of their tasks is a pod."""

import pytest

from k8s.commands.kubectl import objects
from tests.conftest import Poll
from tests.e2e_k8s.watched import Seen
from tests.outside.pipeline import *  # noqa: F403 (each outside assertion, in its order)
from tests.outside.pipeline import BATCHES, REAL

pytestmark = pytest.mark.usefixtures("pipeline")

STEPS = ["crear_bases_si_no_existen", "cargar_datos", "preprocesar_datos", "entrenar_modelo"]


@pytest.fixture
def task_pods(pipeline: Seen) -> Seen:
    """The pods of the pipeline's tasks, by name."""
    if not pipeline:
        pytest.skip("the pipeline had run before (--keep-platform)")
    return pipeline


def test_the_dags_ran_in_order(task_pods: Seen) -> None:
    born = sorted(task_pods.values(), key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
    assert list(dict.fromkeys(pod["metadata"]["labels"]["dag_id"] for pod in born)) == STEPS


@pytest.mark.skipif(not REAL, reason="the real data set is not at ../shared/data")
def test_each_batch_is_a_pod_with_requests_of_its_own(task_pods: Seen) -> None:
    batches = {name: pod for name, pod in task_pods.items() if "entrenar-lote" in name}
    indices = sorted(int(pod["metadata"]["labels"]["map_index"]) for pod in batches.values())
    assert indices == list(range(BATCHES))
    for pod in batches.values():
        (container,) = pod["spec"]["containers"]
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert pod["spec"]["nodeName"] and pod["status"]["phase"] == "Succeeded"


def test_no_pod_is_left_of_a_task_that_ended(task_pods: Seen, poll: Poll) -> None:
    """The last one goes a moment after its DAG run has ended."""
    assert len(task_pods) >= len(STEPS)
    poll(lambda: not task_pods.keys() & {pod["metadata"]["name"] for pod in objects("pods")}, deadline=60, every=1)
