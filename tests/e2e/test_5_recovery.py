"""Each part is killed once, as a crash would; the platform works again by itself."""

from typing import Any

import httpx
import pytest
from mlflow.exceptions import MlflowException

from readmission.dag_runs.airflow_api import ENDED
from tests.conftest import Poll
from tests.e2e.stack import Stack
from tests.outside.pipeline import production
from tests.outside.serving import ORIGINAL, predict

pytestmark = pytest.mark.usefixtures("pipeline")

DEADLINE = 180.0


@pytest.fixture
def expected(stack: Stack) -> dict[str, Any]:
    """What the prediction service answered before the crash."""
    return predict(stack, ORIGINAL)


@pytest.mark.parametrize("service", ["api", "mysql"])
def test_predictions_are_answered_again(stack: Stack, poll: Poll, service: str, expected: dict[str, Any]) -> None:
    _kill(stack, poll, service)
    poll(lambda: _answers(stack), DEADLINE, every=1)
    poll(lambda: _downloads(stack), DEADLINE, every=1)
    again = predict(stack, ORIGINAL)
    assert (again["probability"], again["model_version"]) == (expected["probability"], expected["model_version"])


@pytest.mark.parametrize("service", ["mlflow", "minio"])
def test_predictions_go_on_and_the_registry_comes_back(
    stack: Stack, poll: Poll, service: str, expected: dict[str, Any]
) -> None:
    _kill(stack, poll, service)
    assert predict(stack, ORIGINAL)["probability"] == expected["probability"]
    poll(lambda: stack.healthy(service) and stack.healthy("mlflow"), DEADLINE, every=1)
    poll(lambda: _downloads(stack), DEADLINE, every=1)


def test_a_load_outlives_the_worker_that_ran_it(stack: Stack, poll: Poll) -> None:
    with stack.airflow as airflow:
        for dag_id in ("preprocesar_datos", "entrenar_modelo"):
            airflow.set_paused(dag_id, True)
        airflow.set_paused("cargar_datos", False)
        worker = stack.container("airflow-worker")["State"]
        run = airflow.trigger("cargar_datos", {"force": True})
        poll(lambda: [task.state for task in airflow.task_instances(run)] == ["running"], 60)
        stack.kill(worker["Pid"])
        poll(lambda: _restarted(stack, "airflow-worker", worker["StartedAt"]), DEADLINE)
        poll(lambda: airflow.run(run).state in ENDED, 400, every=1)
        (task,) = airflow.task_instances(run)
    assert (task.state, task.try_number) == ("success", 2)


def _kill(stack: Stack, poll: Poll, service: str) -> None:
    before = stack.container(service)["State"]
    stack.kill(before["Pid"])
    poll(lambda: _restarted(stack, service, before["StartedAt"]), DEADLINE)


def _restarted(stack: Stack, service: str, before: str) -> bool:
    state = stack.container(service)["State"]
    return bool(state["Running"] and state["StartedAt"] != before)


def _answers(stack: Stack) -> bool:
    try:
        return stack.ask("/predict", ORIGINAL).is_success
    except httpx.HTTPError:
        return False


def _downloads(stack: Stack) -> bool:
    """Whether a file of the model in production comes through MLflow, from the store behind it."""
    try:
        model = stack.mlflow.get_logged_model(str(production(stack).source).removeprefix("models:/"))
        path = model.artifact_location.removeprefix("mlflow-artifacts:/").strip("/")
        address = f"{stack.address('mlflow', 5000)}/api/2.0/mlflow-artifacts/artifacts/{path}/MLmodel"
        answer = httpx.get(address, auth=stack.reader, timeout=30, trust_env=False)
    except (httpx.HTTPError, MlflowException):
        return False
    return answer.is_success and "mlflow_version" in answer.text
