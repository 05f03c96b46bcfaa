"""The files of a served model in memory: what is checked is what is used, whoever writes to the folder meanwhile."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

FOREST_FILE = "forest.onnx"
SERVING_FILE = "serving.json"
EXAMPLES_FILE = "examples.json"
MANIFEST_FILE = "manifest.json"

# Content by path within the folder.
ServedFiles = Mapping[str, bytes]
Described = TypeVar("Described", bound=BaseModel)


class ModelFileError(RuntimeError):
    """The files of a served model are missing, damaged, of another contract, or answer otherwise than its pipeline."""


def read_folder(folder: Path) -> ServedFiles:
    """Every file of a folder and of those in it.

    Raises:
        ModelFileError: one cannot be read.
    """
    try:
        paths = sorted(path for path in folder.rglob("*") if not path.is_dir())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    except OSError as error:
        raise ModelFileError(f"cannot read the served model in {folder.name}: {error}") from error


def parsed(files: ServedFiles, name: str, model: type[Described]) -> Described:
    """One of the JSON files, as what it describes.

    Raises:
        ModelFileError: it is missing or is not that.
    """
    if name not in files:
        raise ModelFileError(f"{name} is missing")
    try:
        return model.model_validate_json(files[name])
    except ValidationError as error:
        # Where it is wrong, and not what stands there: the examples are rows of encounters.
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ModelFileError(f"cannot read {name}: {f'{place}: ' if place else ''}{first['msg']}") from error
