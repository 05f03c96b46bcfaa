"""What several fields have in common: whether any of an encounter's diagnoses is of a group."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import OneHotEncoder


class AnywhereEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """One column a category: 1 where any of the columns of a table has it, else 0; another category is in none."""

    def __init__(self, categories: Sequence[str]) -> None:
        self.categories = categories

    def fit(self, table: pd.DataFrame, target: Any = None) -> Self:  # noqa: ARG002
        """Learns nothing of the rows but how many columns they have."""
        each = [list(self.categories)] * table.shape[1]
        self.encoder_ = OneHotEncoder(categories=each, handle_unknown="ignore", sparse_output=False).fit(table)
        return self

    def transform(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Shape (rows, categories)."""
        encoded = self.encoder_.transform(table).reshape(len(table), -1, len(self.categories))
        held: NDArray[np.float64] = encoded.max(axis=1)
        return held
