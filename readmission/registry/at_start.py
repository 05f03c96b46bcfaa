"""At each start: the version in production is given its proof, where a release of before trained it without one."""

from collections.abc import Callable

from mlflow.exceptions import MlflowException

from connections.model_registry import production_version
from connections.settings import Settings
from connections.version_files import list_served_files
from readmission.errors import ReadmissionError
from readmission.inference import MANIFEST_FILE, ModelFileError


def adopt_production(settings: Settings, tell: Callable[[str], None]) -> None:
    """Adopts the version in production if it needs it; what comes of it is told, and ends no start."""
    try:
        version = production_version(settings)
        if version is None or MANIFEST_FILE in {file.name for file in list_served_files(settings, version)}:
            return
        from readmission.registry.adopt import adopt  # brings scikit-learn, which few starts need

        said = adopt(settings, version.version)
    except (ReadmissionError, ModelFileError, MlflowException, OSError) as error:
        said = str(error)
    tell(f"{said[0].upper()}{said[1:]}.")
