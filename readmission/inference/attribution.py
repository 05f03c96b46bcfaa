"""Why a risk is what it is: what each field adds to it, against the mean prediction.

A row's way through a tree is followed, and at each node the change of the node's mean is credited to the field that
the node asks for (path attribution: Saabas 2014, "Interpreting random forests"). The sums over trees are exact for the
forest's vote; they are then scaled by the slope of the calibration between the mean vote and the row's.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from readmission.inference.encoding import Encoding
from readmission.inference.serving_config import Calibration
from readmission.inference.trees import LEAF, Trees

# Rows that are walked at a time: with 600 trees, arrays of a few megabytes.
_AT_ONCE = 64
# Votes that are closer have the derivative as their slope: a quotient of so small differences would be noise.
_NEAR = 1e-7


class Contributions(NamedTuple):
    """What each field adds, shape (rows, fields), to `base`, the calibrated mean vote: both in probability, 0 to 1."""

    base: float
    by_field: NDArray[np.float64]


class Attribution:
    """Explains the answers of one model; `fields` are the columns of what it gives. Safe to call from threads."""

    def __init__(self, trees: Trees, encoding: Encoding, calibration: Calibration) -> None:
        self._trees = trees
        self._calibration = calibration
        self.fields = [*encoding.numbers, *encoding.categories]
        self._field_of = _field_of(encoding)
        self._mean_vote = float(trees.mean[trees.roots].mean(dtype=np.float64))

    @property
    def base(self) -> float:
        """The calibrated mean vote: what is answered of nobody in particular, 0 to 1."""
        return float(self._calibration.apply(np.array([self._mean_vote]))[0])

    def explain(self, matrix: NDArray[np.float32], probability: NDArray[np.float64]) -> Contributions:
        """What each field adds to the answered probabilities, shape (rows,), of the forest's input.

        The base and a row's contributions add up to its probability to 1e-9. ONNX Runtime sums votes in 32 bits: what
        that leaves over, some 1e-8, is given to the fields in proportion to what each adds.
        """
        votes = self._votes(matrix)
        scaled = votes * self._slopes(votes.sum(axis=1))[:, None]
        left_over = probability - self.base - scaled.sum(axis=1)
        return Contributions(self.base, scaled + left_over[:, None] * _shares(scaled))

    def walked(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The calibrated probability, shape (rows,), where the walks end: the answered one, to some 1e-7."""
        return self._calibration.apply(self._mean_vote + self._votes(matrix).sum(axis=1))

    def by_field(self, by_column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums of columns of the matrix, shape (rows, width), by the field that each is of, shape (rows, fields)."""
        summed = np.zeros((len(by_column), len(self.fields)))
        np.add.at(summed.T, self._field_of, by_column.T)
        return summed

    def _votes(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each field adds to the forest's vote, shape (rows, fields)."""
        chunks = [self._walk(matrix[first : first + _AT_ONCE]) for first in range(0, len(matrix), _AT_ONCE)]
        return np.concatenate(chunks) / len(self._trees.roots)

    def _walk(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The same of a few rows, summed over trees: all walks take a step at a time."""
        trees, shape = self._trees, (len(matrix), len(self.fields))
        row = np.repeat(np.arange(len(matrix)), len(trees.roots))
        node = np.tile(trees.roots, len(matrix))
        added = np.zeros(shape[0] * shape[1])
        while len(node):
            column = trees.column[node]
            going = column != LEAF
            row, node, column = row[going], node[going], column[going]
            child = np.where(matrix[row, column] <= trees.threshold[node], trees.left[node], trees.right[node])
            change = trees.mean[child].astype(np.float64) - trees.mean[node]
            added += np.bincount(row * shape[1] + self._field_of[column], change, len(added))
            node = child
        return added.reshape(shape)

    def _slopes(self, apart: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a change of the vote by 1 is worth in probability, shape (rows,), for votes so far from the mean."""
        near = np.abs(apart) < _NEAR
        distance = np.where(near, _NEAR, apart)
        return (self._calibration.apply(self._mean_vote + distance) - self.base) / distance


def _field_of(encoding: Encoding) -> NDArray[np.intp]:
    """The place of its field for each column of the matrix, shape (width,)."""
    numbers = len(encoding.numbers)
    owners: Sequence[int] = [*range(numbers)]
    for place, columns in enumerate(encoding.categories.values(), numbers):
        owners = [*owners, *(place for _ in columns)]
    return np.array(owners, dtype=np.intp)


def _shares(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    """How a row's fields share what is left over, shape (rows, fields): all alike where none adds anything."""
    size = np.abs(scaled)
    total = size.sum(axis=1, keepdims=True)
    return np.where(total > 0, size / np.where(total > 0, total, 1), 1 / scaled.shape[1])
