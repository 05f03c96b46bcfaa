"""Who a process is at MLflow: an account of the platform's on this machine, or whom the settings name, or nobody."""

import os

import pytest
from mlflow.exceptions import MlflowException
from pydantic import SecretStr

from connections.artifact_places import require_store
from connections.mlflow_login import asking, log_in, refused
from connections.settings import MLflowAccount, Settings

ELSEWHERE = "http://mlflow.other.example:5000"


@pytest.mark.parametrize("account", ["admin", "pipeline", "api"])
@pytest.mark.parametrize("address", [None, "http://localhost:5000", "http://127.0.0.1:9"])
def test_on_this_machine_it_is_an_account_of_the_platforms(
    settings: Settings, account: MLflowAccount, address: str | None
) -> None:
    here = settings.model_copy(update={"mlflow_tracking_uri": address})
    assert here.mlflow_login(account) == (account, getattr(here, f"mlflow_{account}_password").get_secret_value())


def test_no_password_of_the_platforms_goes_to_another_machine(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"mlflow_tracking_uri": ELSEWHERE})
    assert elsewhere.mlflow_login() is None and asking(elsewhere, "x").header_items() == []
    assert "asks for a login; set MLFLOW_TRACKING_USERNAME" in refused(elsewhere)


def test_whom_the_settings_name_wins_everywhere(settings: Settings) -> None:
    named = {"mlflow_tracking_username": "ana", "mlflow_tracking_password": SecretStr("of ana's own")}
    for address in (None, ELSEWHERE):
        login = settings.model_copy(update={**named, "mlflow_tracking_uri": address}).mlflow_login("api")
        assert login == ("ana", "of ana's own")


def test_a_process_is_not_whom_it_was_at_another_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", "before")
    log_in(settings)
    assert os.environ["MLFLOW_TRACKING_USERNAME"] == "pipeline"
    log_in(settings.model_copy(update={"mlflow_tracking_uri": ELSEWHERE}))
    assert not {"MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"} & os.environ.keys()


@pytest.mark.parametrize("place", ["mlflow-artifacts:/1/models/m-1/artifacts", "s3://bucket/1", "gs://bucket"])
def test_files_come_from_a_store(place: str) -> None:
    assert require_store(place) == place


@pytest.mark.parametrize(
    "place",
    ["/opt/airflow/dags", "file:///opt", "dags", "", "http://evil.example/x", "mlflow-artifacts://evil.example/x"],
)
def test_files_come_from_nowhere_else(place: str) -> None:
    with pytest.raises(MlflowException, match="is no place of a store's"):
        require_store(place)
