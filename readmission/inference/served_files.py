"""The files of a served model in memory: what is checked is what is used, whoever writes to the folder meanwhile."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

FOREST_FILE = "forest.onnx"
SERVING_FILE = "serving.json"
EXAMPLES_FILE = "examples.json"
REASONS_FILE = "reasons.bin"
# The version's card, by the form that it is asked for in.
CARD_FILES = {"json": "card.json", "md": "card.md", "html": "card.html"}
MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.sig"
# Where the served files are among all files of a version.
SERVED_FOLDER = "extra_files/"
# More than this is no model of ours, and nothing reads it into memory.
MOST_BYTES = 1 << 30

# Content by path within the folder.
ServedFiles = Mapping[str, bytes]
Described = TypeVar("Described", bound=BaseModel)
Why = Literal["unsigned", "wrong_key", "changed", "not_promoted", "unfit"]


class ModelFileError(RuntimeError):
    """The files of a model are missing, damaged, unsigned, of another contract, or answer otherwise than its pipeline.

    `why` is that in a word.
    """

    def __init__(self, message: str, why: Why = "unfit") -> None:
        super().__init__(message)
        self.why: Why = why


def read_folder(folder: Path) -> ServedFiles:
    """Every file of a folder and of those in it.

    Raises:
        ModelFileError: one cannot be read, is a link or no file, or they are larger than any model.
    """
    try:
        paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
        for path in paths:
            if path.is_symlink() or not path.is_file():
                raise ModelFileError(f"{path.relative_to(folder).as_posix()} is no file", "changed")
        check_size(sum(path.stat().st_size for path in paths))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    except OSError as error:
        raise ModelFileError(f"cannot read the model in {folder.name}: {error}") from error


def check_size(size: int) -> None:
    """Refuses more bytes than a model has.

    Raises:
        ModelFileError: there are more.
    """
    if size > MOST_BYTES:
        raise ModelFileError(f"its files have {size:,} bytes, more than any model ({MOST_BYTES:,})", "changed")


def served_of(files: ServedFiles) -> ServedFiles:
    """Of all files of a version those that are served, by path within their own folder."""
    return {
        name.removeprefix(SERVED_FOLDER): content for name, content in files.items() if name.startswith(SERVED_FOLDER)
    }


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
