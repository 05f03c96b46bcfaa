"""`serving.json`: what turns a request into the forest's matrix and its vote into an answer."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, FiniteFloat

# A forest may vote 0 or 1; the logit needs a little room.
PROBABILITY_MARGIN = 1e-6


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
    """All that an answer needs beside the forest, with the forest's sha256.

    `capacity_threshold` flags the riskiest tenth, where somebody asks for it; versions of before have none.
    `anywhere` are fields of the same categories, which have columns in common, too: last in the matrix stands one for
    each category, which says whether any of these fields has it.
    """

    contract_version: str
    dataset: str
    target: str
    threshold: FiniteFloat
    capacity_threshold: FiniteFloat | None = None
    calibration: Calibration
    numbers: list[NumberScale]
    categories: dict[str, list[str]]
    anywhere: list[str] = []
    forest_sha256: str

    @property
    def fields(self) -> list[str]:
        """The fields that the model uses: its numbers, then its categories."""
        return [*(number.name for number in self.numbers), *self.categories]
