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


class _Shared(NamedTuple):
    """A column that several fields have in common, their places, and the column of each that is its alone."""

    column: int
    fields: list[int]
    own: list[int]


class Attribution:
    """Explains the answers of one model; `fields` are the columns of what it gives. Safe to call from threads."""

    def __init__(self, trees: Trees, encoding: Encoding, calibration: Calibration) -> None:
        self._trees = trees
        self._calibration = calibration
        self.fields = [*encoding.numbers, *encoding.categories]
        self._width = len(encoding.owners)
        self._alone, self._shared = _owned(encoding, self.fields)
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
        scaled = self.by_field(votes, matrix) * self._slopes(votes.sum(axis=1))[:, None]
        left_over = probability - self.base - scaled.sum(axis=1)
        return Contributions(self.base, scaled + left_over[:, None] * _shares(scaled))

    def walked(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The calibrated probability, shape (rows,), where the walks end: the answered one, to some 1e-7."""
        return self._calibration.apply(self._mean_vote + self._votes(matrix).sum(axis=1))

    def by_field(self, by_column: NDArray[np.float64], matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Sums of columns, shape (rows, width), by the field that each tells of, shape (rows, fields).

        What several fields have in common goes to those whose own column is set in a row, else to all of them alike.
        """
        summed = by_column @ self._alone
        for column, fields, own in self._shared:
            held = matrix[:, own].astype(np.float64)
            summed[:, fields] += by_column[:, [column]] * _shares(held)
        return summed

    def _votes(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each column adds to the forest's vote, shape (rows, width)."""
        chunks = [self._walk(matrix[first : first + _AT_ONCE]) for first in range(0, len(matrix), _AT_ONCE)]
        return np.concatenate(chunks) / len(self._trees.roots)

    def _walk(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The same of a few rows, summed over trees: all walks take a step at a time."""
        trees, rows = self._trees, len(matrix)
        row = np.repeat(np.arange(rows), len(trees.roots))
        node = np.tile(trees.roots, rows)
        added = np.zeros(rows * self._width)
        while len(node):
            column = trees.column[node]
            going = column != LEAF
            row, node, column = row[going], node[going], column[going]
            child = np.where(matrix[row, column] <= trees.threshold[node], trees.left[node], trees.right[node])
            change = trees.mean[child].astype(np.float64) - trees.mean[node]
            added += np.bincount(row * self._width + column, change, len(added))
            node = child
        return added.reshape(rows, self._width)

    def _slopes(self, apart: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a change of the vote by 1 is worth in probability, shape (rows,), for votes so far from the mean."""
        near = np.abs(apart) < _NEAR
        distance = np.where(near, _NEAR, apart)
        return (self._calibration.apply(self._mean_vote + distance) - self.base) / distance


def _owned(encoding: Encoding, fields: Sequence[str]) -> tuple[NDArray[np.float64], list[_Shared]]:
    """Which field each column tells of, shape (width, fields) of 0 and 1, and the columns that tell of several."""
    alone = np.zeros((len(encoding.owners), len(fields)))
    shared = []
    for column, owners in enumerate(encoding.owners):
        places = [fields.index(name) for name in owners]
        if len(places) == 1:
            alone[column, places] = 1
        else:
            shared.append(_Shared(column, places, list(owners.values())))
    return alone, shared


def _shares(sized: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of each in the sizes of its row, both shape (rows, any): all alike where none has any."""
    size = np.abs(sized)
    total = size.sum(axis=1, keepdims=True)
    return np.where(total > 0, size / np.where(total > 0, total, 1), 1 / sized.shape[1])
