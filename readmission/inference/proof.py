"""What a version has to prove before it is used: that the pipeline wrote its files, and that they answer alike.

`manifest.json` names every file of the version, served and stored, with its size and sha256; `manifest.sig` is the
pipeline's signature of it; `examples.json` holds rows of the model's inputs with the calibrated probabilities that the
pipeline itself gave to them.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, FiniteFloat, field_validator, model_validator

from readmission.inference.served_files import (
    EXAMPLES_FILE,
    FOREST_FILE,
    MANIFEST_FILE,
    SERVED_FOLDER,
    SERVING_FILE,
    SIGNATURE_FILE,
    ModelFileError,
    ServedFiles,
    parsed,
    served_of,
)
from readmission.inference.signatures import PublicKeys, Signature

TOLERANCE = 1e-6
PROVEN = (FOREST_FILE, SERVING_FILE, EXAMPLES_FILE)
Rows = Sequence[Mapping[str, str | float]]


class FileProof(BaseModel):
    """Size and sha256 of a file."""

    size: int
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Those of a content."""
        return cls(size=len(content), sha256=hashlib.sha256(content).hexdigest())


class Manifest(BaseModel):
    """`manifest.json`: the files of a version by their paths below the model's folder."""

    files: dict[str, FileProof]

    @field_validator("files")
    @classmethod
    def _each_file_once(cls, files: dict[str, FileProof]) -> dict[str, FileProof]:
        if len({name.casefold() for name in files}) < len(files):
            raise ValueError("two names differ in upper and lower case alone")
        return files

    @classmethod
    def of(cls, files: ServedFiles) -> Self:
        """The manifest of these files, all that a version has; its own and its signature are left out."""
        left_out = {SERVED_FOLDER + MANIFEST_FILE, SERVED_FOLDER + SIGNATURE_FILE}
        return cls(files={name: FileProof.of(files[name]) for name in sorted(files.keys() - left_out)})

    def served(self) -> "Manifest":
        """What it says of the served files, by their paths within their own folder."""
        found = {name: self.files[name] for name in self.files if name.startswith(SERVED_FOLDER)}
        return Manifest(files={name.removeprefix(SERVED_FOLDER): proof for name, proof in found.items()})

    def check(self, files: ServedFiles, below: str = "") -> None:
        """Holds files against the manifest; `below` is the folder in which the served ones among them are.

        Raises:
            ModelFileError: one is missing, is another than the one described, or is not named.
        """
        for name in dict.fromkeys((*(below + proven for proven in PROVEN), *self.files)):
            if name not in self.files:
                raise ModelFileError(f"{MANIFEST_FILE} does not name {name}", "changed")
            if name not in files:
                raise ModelFileError(f"{name} is missing, which {MANIFEST_FILE} names", "changed")
            found, expected = FileProof.of(files[name]), self.files[name]
            if found != expected:
                differs = "size" if found.size != expected.size else "sha256"
                told = f"{name} is not the file that {MANIFEST_FILE} describes ({differs} differs)"
                raise ModelFileError(told, "changed")
        for name in sorted(files.keys() - self.files.keys() - {below + MANIFEST_FILE, below + SIGNATURE_FILE}):
            raise ModelFileError(f"{name} is a file that {MANIFEST_FILE} does not name", "changed")


class Examples(BaseModel):
    """`examples.json`: rows of the model's inputs, and the pipeline's calibrated probability for each."""

    rows: Annotated[list[dict[str, str | FiniteFloat]], Field(min_length=1)]
    probabilities: list[FiniteFloat]

    @model_validator(mode="after")
    def _one_answer_a_row(self) -> Self:
        if len(self.rows) != len(self.probabilities):
            raise ValueError(f"{len(self.rows)} rows have {len(self.probabilities)} answers")
        return self

    def check(self, answers: Callable[[Rows], NDArray[np.float64]]) -> None:
        """Holds what the served files answer against what the pipeline did.

        Raises:
            ModelFileError: an answer differs by more than 1e-6.
        """
        difference = float(np.abs(answers(self.rows) - np.array(self.probabilities)).max())
        if not difference <= TOLERANCE:  # nan included
            raise ModelFileError(
                f"its files answer otherwise than its pipeline did: the rows of {EXAMPLES_FILE} differ by "
                f"{difference:.1e} (at most {TOLERANCE})"
            )


def check_served(served: ServedFiles, keys: PublicKeys) -> None:
    """Holds the served files of a version against its signed manifest, before anything else is read of them.

    Raises:
        ModelFileError: there is none, nobody who is trusted signed it, or it does not hold.
    """
    _signed_manifest(served, keys).served().check(served)


def check_version(files: ServedFiles, keys: PublicKeys) -> None:
    """The same for all files of a version, by their paths below the model's folder.

    Raises:
        ModelFileError: as `check_served`.
    """
    _signed_manifest(served_of(files), keys).check(files, SERVED_FOLDER)


def _signed_manifest(served: ServedFiles, keys: PublicKeys) -> Manifest:
    for name in (MANIFEST_FILE, SIGNATURE_FILE):
        if name not in served:
            raise ModelFileError(
                f"it is unsigned: {name} is missing, so that nobody vouches for its files; if it was trained before "
                "models were signed, run `readmission registry adopt` with its number",
                "unsigned",
            )
    keys.check("manifest", served[MANIFEST_FILE], parsed(served, SIGNATURE_FILE, Signature), MANIFEST_FILE)
    return parsed(served, MANIFEST_FILE, Manifest)


def check_examples(files: ServedFiles, answers: Callable[[Rows], NDArray[np.float64]]) -> None:
    """Holds the answers to the stored examples against those of the pipeline.

    Raises:
        ModelFileError: there are no examples, or an answer differs.
    """
    parsed(files, EXAMPLES_FILE, Examples).check(answers)
