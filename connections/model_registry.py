"""Which model version is in production, and its served files: what the prediction service needs of MLflow."""

from dataclasses import dataclass
from pathlib import Path

import mlflow.artifacts
from mlflow.environment_variables import (
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    MLFLOW_HTTP_REQUEST_TIMEOUT,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.tracking import MlflowClient

from connections.settings import Settings

# Where MLflow keeps the files given to `log_model(extra_files=...)`, inside the model's own folder.
EXTRA_FILES = "extra_files"


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registered model; `tags` are the version's own (dataset, val_f1, batch_id, ...)."""

    name: str
    version: str
    run_id: str
    tags: dict[str, str]


def client(settings: Settings) -> MlflowClient:
    """A client of the MLflow server that the settings name."""
    return MlflowClient(tracking_uri=settings.tracking_uri, registry_uri=settings.tracking_uri)


def ask_briefly(timeout_seconds: int = 10) -> None:
    """Turns off this process's retries of MLflow calls, which go on for minutes, for one that asks again anyway."""
    wanted = (
        (MLFLOW_HTTP_REQUEST_MAX_RETRIES, 0),
        (MLFLOW_HTTP_REQUEST_TIMEOUT, timeout_seconds),
        (MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR, False),
    )
    for variable, value in wanted:
        variable.set(value)  # type: ignore[no-untyped-call]  # MLflow leaves it untyped


def production_version(settings: Settings, name: str | None = None) -> RegisteredVersion | None:
    """The version with alias `production` of the registered model, or None while there is none.

    Raises:
        MlflowException: the server does not answer, or refuses.
    """
    name = name or settings.model_name
    try:
        found = client(settings).get_model_version_by_alias(name, settings.model_alias)
    except MlflowException as error:
        if error.error_code in (ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), "INVALID_PARAMETER_VALUE"):
            return None
        raise
    return RegisteredVersion(name, str(found.version), found.run_id or "", dict(found.tags))


def download_served_files(settings: Settings, version: RegisteredVersion, folder: Path) -> Path:
    """Fetches what `readmission.inference.Scorer.load` reads of a version, and says in which folder it is."""
    got = mlflow.artifacts.download_artifacts(
        artifact_uri=f"models:/{version.name}/{version.version}/{EXTRA_FILES}",
        dst_path=str(folder),
        tracking_uri=settings.tracking_uri,
        registry_uri=settings.tracking_uri,
    )
    return Path(got)
