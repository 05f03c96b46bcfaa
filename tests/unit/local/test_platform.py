"""Each service is given what it needs and no more."""

import pytest
from pydantic import SecretStr

from connections.settings import Settings
from readmission.local.platform import services
from readmission.local.service import Service

AIRFLOW = {"airflow-api-server", "airflow-scheduler", "airflow-dag-processor"}
HOLDERS = {
    "aws_access_key_id": set(),  # of the object store, which is in Docker alone
    "aws_secret_access_key": set(),
    "airflow_jwt_secret": AIRFLOW,
    "airflow_fernet_key": AIRFLOW,
    "airflow_secret_key": AIRFLOW,
    "model_signing_key": AIRFLOW,  # whose scheduler runs the pipeline's tasks
    "airflow_admin_password": set(),  # a file that only Airflow's owner may read
    "database_url": {*AIRFLOW, "api", "keeper"},
    "form_api_key": {"form"},
    "form_password": {"form"},
    "form_cookie_secret": {"form"},
    "form_oidc_client_secret": {"form"},
    "forget_key": {"api", "keeper"},
    "mlflow_admin_password": {"mlflow"},
    "mlflow_pipeline_password": {"mlflow", *AIRFLOW},
    "mlflow_api_password": {"mlflow", "api"},
    "mlflow_tracking_password": set(),  # of whom MLFLOW_TRACKING_USERNAME names, and here it names nobody
}
# Those that the settings of a test leave out.
GIVEN = {
    "database_url": SecretStr("sqlite:////tmp/a-secret-of-the-database"),
    "form_oidc_client_secret": SecretStr("a-secret-of-the-provider"),
    "mlflow_tracking_password": SecretStr("a-secret-of-another-mlflow"),
}


@pytest.fixture
def declared(settings: Settings) -> dict[str, Service]:
    return {service.name: service for service in services(settings.model_copy(update=GIVEN))}


def test_every_secret_has_its_holders_declared_here() -> None:
    secrets = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secrets == set(HOLDERS)


@pytest.mark.parametrize("secret", sorted(HOLDERS))
def test_only_its_holders_are_given_a_secret(secret: str, settings: Settings, declared: dict[str, Service]) -> None:
    value = GIVEN.get(secret, getattr(settings, secret)).get_secret_value()
    assert value
    holders = {s.name for s in declared.values() if any(value in given for given in s.environment.values())}
    assert holders == HOLDERS[secret]
    assert not any(value in argument for service in declared.values() for argument in service.command)


def test_the_form_knows_the_service_its_own_names_and_log_in_alone(declared: dict[str, Service]) -> None:
    given = set(declared["form"].environment) & {name.upper() for name in Settings.model_fields}
    assert {name for name in given if not name.startswith("FORM_")} == {
        "API_URL", "BIND_ADDRESS", "LOG_LEVEL", "PORT_OFFSET",
    }  # fmt: skip


def test_settings_reach_the_services_unchanged(settings: Settings, declared: dict[str, Service]) -> None:
    changed = settings.model_copy(update={"model_poll_seconds": 3.5, "training_jobs": 2})
    given = {s.name: s for s in services(changed)}["api"].environment
    assert given["MODEL_POLL_SECONDS"] == "3.5" and given["STATE_DIR"] == str(settings.state_dir.resolve())
    assert declared["airflow-scheduler"].environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
