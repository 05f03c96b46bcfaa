"""The files of a registered version, one by one: what is there, and what is added."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from connections.model_registry import EXTRA_FILES, RegisteredVersion, location
from connections.settings import Settings


class ListedFile(NamedTuple):
    """A file or folder beside the forest; `size` in bytes, of a folder None."""

    name: str
    size: int | None


def list_served_files(settings: Settings, version: RegisteredVersion) -> list[ListedFile]:
    """What there is of a version's served files, by name.

    Raises:
        MlflowException: MLflow or its store does not answer, or refuses.
    """
    found = _repository(settings, version).list_artifacts(EXTRA_FILES)
    return sorted(ListedFile(Path(file.path).name, None if file.is_dir else file.file_size) for file in found)


def read_served_file(settings: Settings, version: RegisteredVersion, name: str) -> bytes:
    """The content of one small file among them.

    Raises:
        MlflowException: it cannot be had.
    """
    with tempfile.TemporaryDirectory(prefix="readmission-model-") as folder:
        return _download(settings, version, f"{EXTRA_FILES}/{name}", folder).read_bytes()


def add_served_file(settings: Settings, version: RegisteredVersion, path: Path) -> None:
    """Puts a file beside those that are served, or in the place of one of that name."""
    files = _repository(settings, version)
    files.log_artifact(str(path), EXTRA_FILES)  # type: ignore[no-untyped-call]  # MLflow leaves it untyped


def download_version(settings: Settings, version: RegisteredVersion, folder: Path) -> Path:
    """Fetches the whole folder of a version: its pipeline, its input example and its served files."""
    return download_model(settings, location(settings, version), folder)


def download_model(settings: Settings, place: str, folder: Path) -> Path:
    """The same of where a model's files are (`location`)."""
    return Path(_at(settings, place).download_artifacts("", str(folder)))  # type: ignore[no-untyped-call]


def _download(settings: Settings, version: RegisteredVersion, path: str, folder: str) -> Path:
    files = _repository(settings, version)
    return Path(files.download_artifacts(path, folder))  # type: ignore[no-untyped-call]


def _repository(settings: Settings, version: RegisteredVersion) -> ArtifactRepository:
    return _at(settings, location(settings, version))


def _at(settings: Settings, place: str) -> ArtifactRepository:
    return get_artifact_repository(place, tracking_uri=settings.tracking_uri, registry_uri=settings.tracking_uri)
