"""Scores encounters in numpy and ONNX Runtime: no pandas, no scikit-learn, nothing unpickled.

A served model is a folder of two files that training writes beside the MLflow model: `forest.onnx` (the
unweighted forest over the preprocessed matrix) and `serving.json` (everything else, with the sha256 of the first).
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import BaseModel, FiniteFloat, ValidationError

from readmission.features import CONTRACT_VERSION, Value, model_row

FOREST_FILE = "forest.onnx"
SERVING_FILE = "serving.json"
# A forest may vote 0 or 1; the logit needs a little room.
PROBABILITY_MARGIN = 1e-6


class ModelFileError(RuntimeError):
    """The files of a served model are missing, damaged or of another contract."""


class Calibration(BaseModel):
    """Platt's two floats: the calibrated logit is `slope * logit + intercept`."""

    slope: FiniteFloat
    intercept: FiniteFloat

    def apply(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (rows,), for the forest's."""
        clipped = np.clip(probability, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
        logit = np.log(clipped) - np.log1p(-clipped)
        calibrated: NDArray[np.float64] = 1 / (1 + np.exp(-(self.slope * logit + self.intercept)))
        return calibrated


class NumberScale(BaseModel):
    """How one number is standardised: `(value - mean) / scale`."""

    name: str
    mean: FiniteFloat
    scale: FiniteFloat


class ServingConfig(BaseModel):
    """`serving.json`: what turns a request into the forest's matrix and its vote into an answer."""

    contract_version: str
    dataset: str
    target: str
    threshold: FiniteFloat
    calibration: Calibration
    numbers: list[NumberScale]
    categories: dict[str, list[str]]
    forest_sha256: str


class Scorer:
    """A served model in memory. Safe to call from several threads."""

    def __init__(self, config: ServingConfig, forest: bytes) -> None:
        self.config = config
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(forest, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        # The matrix: the numbers first, then of each category a column a word of its vocabulary.
        self.hot_columns: dict[str, dict[str, int]] = {}
        self.width = len(config.numbers)
        for name, vocabulary in config.categories.items():
            self.hot_columns[name] = {value: self.width + place for place, value in enumerate(vocabulary)}
            self.width += len(vocabulary)

    @classmethod
    def load(cls, folder: Path) -> "Scorer":
        """Reads a model's folder.

        Raises:
            ModelFileError: a file is missing, damaged, or of another contract version.
        """
        try:
            config = ServingConfig.model_validate_json((folder / SERVING_FILE).read_bytes())
            forest = (folder / FOREST_FILE).read_bytes()
        except (OSError, ValidationError) as error:
            raise ModelFileError(f"cannot read the served model in {folder.name}: {error}") from error
        if hashlib.sha256(forest).hexdigest() != config.forest_sha256:
            raise ModelFileError(f"{FOREST_FILE} is not the file that {SERVING_FILE} describes (sha256 differs)")
        if config.contract_version != CONTRACT_VERSION:
            raise ModelFileError(
                f"the model follows contract {config.contract_version}, this service {CONTRACT_VERSION}: train again"
            )
        return cls(config, forest)

    def matrix(self, rows: Sequence[Mapping[str, str | float]]) -> NDArray[np.float32]:
        """The forest's input, shape (rows, columns), for model rows: numbers standardised, categories one-hot."""
        matrix = np.zeros((len(rows), self.width), dtype=np.float64)
        for place, number in enumerate(self.config.numbers):
            values = np.array([row[number.name] for row in rows], dtype=np.float64)
            matrix[:, place] = (values - number.mean) / number.scale
        for name, column in self.hot_columns.items():
            for index, row in enumerate(rows):
                if (hot := column.get(str(row[name]))) is not None:
                    matrix[index, hot] = 1.0
        return matrix.astype(np.float32)

    def probabilities(self, rows: Sequence[Mapping[str, str | float]]) -> NDArray[np.float64]:
        """Calibrated probability of readmission, shape (rows,), for model rows."""
        return self.probabilities_of(self.matrix(rows))

    def probabilities_of(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probability of readmission, shape (rows,), for the forest's input."""
        votes = self._session.run(["probabilities"], {self._input: matrix})[0]
        return self.config.calibration.apply(np.asarray(votes, dtype=np.float64)[:, 1])

    def score(self, request: Mapping[str, Value]) -> float:
        """Calibrated probability of readmission for one whole request (see `features.complete_request`).

        Raises:
            FieldError: the contract does not allow a value.
        """
        return float(self.probabilities([model_row(request)])[0])

    def decide(self, probability: float) -> Literal[0, 1]:
        """1 when the probability reaches the model's threshold, else 0."""
        return 1 if probability >= self.config.threshold else 0
