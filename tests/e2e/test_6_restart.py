"""`down` and `up` keep data, models and history; the settings for use by others take effect."""

import httpx
import pytest

from tests.e2e.stack import Stack
from tests.e2e.test_1_start import LAN_HOST, REGISTRY, websocket_status
from tests.outside.pipeline import parents, production
from tests.outside.serving import ORIGINAL, predict

pytestmark = pytest.mark.usefixtures("pipeline")


def test_the_same_prediction_from_the_same_version_after_down_and_up(stack: Stack) -> None:
    before, trainings, version = predict(stack, ORIGINAL), len(parents(stack)), production(stack).version
    with stack.airflow as airflow:
        history = {run.dag_run_id for run in airflow.runs("entrenar_modelo")}
    stack.compose("down")
    stack.set("PUBLIC_HOST", LAN_HOST)
    stack.up()
    after = predict(stack, ORIGINAL)
    assert after["prediction_id"] != before["prediction_id"]
    assert (after["probability"], after["model_version"]) == (before["probability"], before["model_version"])
    assert (len(parents(stack)), production(stack).version) == (trainings, version)
    with stack.airflow as airflow:
        assert {run.dag_run_id for run in airflow.runs("entrenar_modelo")} == history


def test_another_host_is_answered_once_it_is_configured(stack: Stack) -> None:
    address = stack.address("mlflow", 5000) + REGISTRY
    ours, evil = (
        httpx.get(address, auth=stack.reader, headers={"Host": host}, trust_env=False)
        for host in (f"{LAN_HOST}:8084", "evil.test")
    )
    assert (ours.status_code, evil.status_code) == (200, 403)
    assert websocket_status(stack, f"{LAN_HOST}:8501") == 101
    assert websocket_status(stack, "evil.test:8501") == 403


def test_addresses_given_to_others_name_the_public_host(stack: Stack) -> None:
    environment = {
        service: dict(line.split("=", 1) for line in stack.container(service)["Config"]["Env"])
        for service in ("airflow-apiserver", "minio")
    }
    assert environment["airflow-apiserver"]["AIRFLOW__API__BASE_URL"].startswith(f"http://{LAN_HOST}:")
    assert environment["minio"]["MINIO_BROWSER_REDIRECT_URL"].startswith(f"http://{LAN_HOST}:")
