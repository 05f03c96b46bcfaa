"""Which model version is in production, and its served files: what the prediction service needs of MLflow."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import mlflow
import mlflow.artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.environment_variables import (
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR,
    MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD,
    MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    MLFLOW_HTTP_REQUEST_TIMEOUT,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.tracking import MlflowClient

from connections.artifact_places import require_store
from connections.mlflow_login import asking, log_in, refused
from connections.settings import Settings

# Where MLflow keeps the files given to `log_model(extra_files=...)`, inside the model's own folder.
EXTRA_FILES = "extra_files"
# What MLflow answers where there is no such model, version or alias, or where none can have that name.
NOT_THERE = (ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), ErrorCode.Name(INVALID_PARAMETER_VALUE))


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registered model; `tags` are the version's own (dataset, val_f1, batch_id, ...).

    `created` (milliseconds since 1970) tells it from a deleted one whose number MLflow gave again.
    """

    name: str
    version: str
    run_id: str
    tags: dict[str, str]
    created: int = 0


def client(settings: Settings) -> MlflowClient:
    """A client of the MLflow server that the settings name; files too go through that server, in the whole process.

    A server before an object store offers large files straight from the store, whose address its clients may not reach.
    """
    log_in(settings)
    for variable in (MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD, MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD):
        variable.set(False)  # type: ignore[no-untyped-call]  # MLflow leaves it untyped
    return MlflowClient(tracking_uri=settings.tracking_uri, registry_uri=settings.tracking_uri)


def make_default(settings: Settings) -> None:
    """Makes the settings' MLflow the process's own: what MLflow resolves by itself (`models:/…`) is looked up there.

    Without it MLflow takes another that the environment names, or makes a file `mlflow.db` in the current folder.
    """
    log_in(settings)
    mlflow.set_tracking_uri(settings.tracking_uri)
    mlflow.set_registry_uri(settings.tracking_uri)


class NoServerError(Exception):
    """Nothing answers where the settings say that MLflow is, or it lets nobody in with the login that they hold."""


def require_server(settings: Settings, timeout_seconds: float = 10) -> None:
    """Makes sure that MLflow answers, before what would ask it again and again for minutes.

    Raises:
        NoServerError: it does not, or refuses the login.
    """
    address = settings.tracking_uri
    try:
        urlopen(asking(settings, "experiments/search?max_results=1"), timeout=timeout_seconds).close()
    except HTTPError as error:
        error.close()
        if error.code == 401:
            raise NoServerError(refused(settings)) from error
        # Anything else is an answer of MLflow's, or of what guards it; the call that needs it will tell.
        if error.code == 404:
            raise NoServerError(f"what answers at {address} is not MLflow; {_START}") from error
    except (OSError, ValueError) as error:
        raise NoServerError(f"MLflow does not answer at {address} ({_reason(error)}); {_START}") from error


_START = "start the platform with `make demo` or `make up`, or set MLFLOW_TRACKING_URI to where it runs"


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", error))


def ask_briefly(timeout_seconds: int = 10) -> None:
    """Turns off this process's retries of MLflow calls, which go on for minutes, for one that asks again anyway."""
    wanted = (
        (MLFLOW_HTTP_REQUEST_MAX_RETRIES, 0),
        (MLFLOW_HTTP_REQUEST_TIMEOUT, timeout_seconds),
        (MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR, False),
    )
    for variable, value in wanted:
        variable.set(value)  # type: ignore[no-untyped-call]


def production_version(settings: Settings, name: str | None = None) -> RegisteredVersion | None:
    """The version with alias `production` of the registered model, or None while there is none.

    Raises:
        MlflowException: the server does not answer, or refuses.
    """
    return aliased_version(settings, settings.model_alias, name)


def aliased_version(settings: Settings, alias: str, name: str | None = None) -> RegisteredVersion | None:
    """The version of the registered model that has an alias, or None while none has it.

    Raises:
        MlflowException: the server does not answer, or refuses.
    """
    name = name or settings.model_name
    return _registered(settings, lambda registry: registry.get_model_version_by_alias(name, alias))


def numbered_version(settings: Settings, number: int) -> RegisteredVersion | None:
    """A version of the registered model by its number, or None where there is none.

    Raises:
        MlflowException: the server does not answer, or refuses.
    """
    name = settings.model_name
    return _registered(settings, lambda registry: registry.get_model_version(name, str(number)))


def _registered(settings: Settings, find: Callable[[MlflowClient], ModelVersion]) -> RegisteredVersion | None:
    try:
        found = find(client(settings))
    except MlflowException as error:
        if error.error_code in NOT_THERE:
            return None
        raise
    return registered(found)


def registered(found: ModelVersion) -> RegisteredVersion:
    """A version as MLflow's client gives it, as the platform does."""
    created = int(found.creation_timestamp or 0)
    return RegisteredVersion(found.name, str(found.version), found.run_id or "", dict(found.tags), created)


def registered_versions(settings: Settings, name: str) -> list[RegisteredVersion]:
    """Every version of a registered model.

    Raises:
        MlflowException: the server does not answer, or refuses.
    """
    return [registered(found) for found in client(settings).search_model_versions(f"name = '{name}'")]


def latest_version(settings: Settings) -> str | None:
    """The number of the registered model's latest version, or None while there is none.

    Raises:
        MlflowException: the server does not answer, or refuses.
    """
    query = f"name = '{settings.model_name}'"
    found = client(settings).search_model_versions(query, max_results=1, order_by=["version_number DESC"])
    return str(found[0].version) if found else None


def download_served_files(settings: Settings, version: RegisteredVersion, folder: Path) -> Path:
    """Fetches what `readmission.inference.Scorer.load` reads of a version, and says in which folder it is."""
    got = mlflow.artifacts.download_artifacts(
        artifact_uri=f"{location(settings, version)}/{EXTRA_FILES}",
        dst_path=str(folder),
        tracking_uri=settings.tracking_uri,
        registry_uri=settings.tracking_uri,
    )
    return Path(got)


def location(settings: Settings, version: RegisteredVersion) -> str:
    """Where a version's files are. MLflow would look `models:/…` up in the registry of the process.

    Raises:
        MlflowException: the server does not answer, or refuses, or names no place of a store's.
    """
    tracking = client(settings)
    source: str = tracking.get_model_version_download_uri(version.name, version.version)
    if not source.startswith("models:/"):
        return require_store(source)
    return require_store(tracking.get_logged_model(source.removeprefix("models:/")).artifact_location)
