"""What a version has to prove before it serves: that its files are those that were written, and that they answer alike.

`manifest.json` names every other file with its size and sha256; `examples.json` holds rows of the model's inputs with
the calibrated probabilities that the pipeline itself gave to them.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, FiniteFloat, model_validator

from readmission.inference.served_files import (
    EXAMPLES_FILE,
    FOREST_FILE,
    MANIFEST_FILE,
    SERVING_FILE,
    ModelFileError,
    ServedFiles,
    parsed,
)

TOLERANCE = 1e-6
PROVEN = (FOREST_FILE, SERVING_FILE, EXAMPLES_FILE)
Rows = Sequence[Mapping[str, str | float]]


class FileProof(BaseModel):
    """Size and sha256 of a served file."""

    size: int
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Those of a content."""
        return cls(size=len(content), sha256=hashlib.sha256(content).hexdigest())


class Manifest(BaseModel):
    """`manifest.json`."""

    files: dict[str, FileProof]

    @classmethod
    def of(cls, files: ServedFiles) -> Self:
        """The manifest of these files; its own is left out."""
        return cls(files={name: FileProof.of(files[name]) for name in sorted(files) if name != MANIFEST_FILE})

    def check(self, files: ServedFiles) -> None:
        """Holds the files against the manifest.

        Raises:
            ModelFileError: one is missing, is another than the one described, or is not named.
        """
        for name in dict.fromkeys((*PROVEN, *self.files)):
            if name not in self.files:
                raise ModelFileError(f"{MANIFEST_FILE} does not name {name}")
            if name not in files:
                raise ModelFileError(f"{name} is missing, which {MANIFEST_FILE} names")
            found, expected = FileProof.of(files[name]), self.files[name]
            if found != expected:
                differs = "size" if found.size != expected.size else "sha256"
                raise ModelFileError(f"{name} is not the file that {MANIFEST_FILE} describes ({differs} differs)")
        for name in sorted(files.keys() - self.files.keys() - {MANIFEST_FILE}):
            raise ModelFileError(f"{name} is a file that {MANIFEST_FILE} does not name")


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


def check_manifest(files: ServedFiles) -> None:
    """Holds the files against the manifest among them, before anything else is read of them.

    Raises:
        ModelFileError: there is none, or it does not hold.
    """
    if MANIFEST_FILE not in files:
        raise ModelFileError(
            f"{MANIFEST_FILE} is missing, so that nothing proves its files; if it was trained before versions had one, "
            "run `readmission registry adopt` with its number"
        )
    parsed(files, MANIFEST_FILE, Manifest).check(files)


def check_examples(files: ServedFiles, answers: Callable[[Rows], NDArray[np.float64]]) -> None:
    """Holds the answers to the stored examples against those of the pipeline.

    Raises:
        ModelFileError: there are no examples, or an answer differs.
    """
    parsed(files, EXAMPLES_FILE, Examples).check(answers)
