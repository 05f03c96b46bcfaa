"""At the first start with signed models: what is in production then is trusted, signed and recorded. Once, and told."""

from collections.abc import Callable
from pathlib import Path

from mlflow.exceptions import MlflowException

from connections.failures import words
from connections.model_registry import RegisteredVersion, production_version
from connections.settings import Settings
from connections.version_files import list_served_files
from readmission.atomic_files import replacing
from readmission.clock import now
from readmission.errors import ReadmissionError
from readmission.inference import RECORD_TAG, SIGNATURE_FILE, ModelFileError
from readmission.registry.records import verified_production


def adopt_production(settings: Settings, tell: Callable[[str], None]) -> None:
    """Adopts the version in production if this is the first start that could; what comes of it ends no start.

    Later starts only tell what is wrong with it: else whoever can write to MLflow could have it trusted by a start.
    """
    try:
        said = None if _done(settings).exists() else _first(settings)
        if said is None:
            verified_production(settings)
    except (ReadmissionError, MlflowException, OSError) as error:
        said = words(error)
    if said:
        tell(f"{said[0].upper()}{said[1:]}.")


def _first(settings: Settings) -> str | None:
    version = production_version(settings)
    try:
        said = _adopted(settings, version) if version and not _is_signed(settings, version) else None
    except ModelFileError as error:
        said = str(error)
    with replacing(_done(settings)) as part:
        part.write_text(f"{now().isoformat(timespec='seconds')}Z: {said or 'nothing to adopt'}\n", encoding="utf-8")
    return said


def _is_signed(settings: Settings, version: RegisteredVersion) -> bool:
    names = {file.name for file in list_served_files(settings, version)}
    return RECORD_TAG in version.tags and SIGNATURE_FILE in names


def _adopted(settings: Settings, version: RegisteredVersion) -> str:
    from readmission.registry.adopt import adopt  # brings scikit-learn, which few starts need

    return adopt(settings, version.version)


def _done(settings: Settings) -> Path:
    """Says that the first start was, in a place that no client of MLflow reaches."""
    return settings.state_dir / "registry/first_start.txt"
