"""What chance leaves of a figure: it is measured again on patients that are drawn anew, with all of their rows.

A patient's encounters resemble each other, so that intervals over rows would be too narrow.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 200
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Resampled:
    """How often each row is in each resample: `weights` has the shape (resamples, rows)."""

    weights: NDArray[np.float32]

    @classmethod
    def of_patients(cls, patients: ArrayLike, resamples: int = RESAMPLES, seed: int = 0) -> "Resampled":
        """As many patients as there are, drawn with replacement.

        Args:
            patients: shape (rows,), whose row each is.
            resamples: how many times they are drawn.
            seed: of the drawing: the same patients in the same order give the same resamples.
        """
        _, whose = np.unique(np.asarray(patients), return_inverse=True)
        count = int(whose.max()) + 1
        random = np.random.default_rng(seed)
        drawn = np.empty((resamples, count), dtype=np.float32)
        for one in drawn:
            one[:] = np.bincount(random.integers(count, size=count), minlength=count)
        return cls(drawn[:, whose])

    def of(self, rows: ArrayLike) -> "Resampled":
        """The same resamples of some of the rows, given as flags or places."""
        return Resampled(self.weights[:, np.asarray(rows)])

    def total(self, values: ArrayLike) -> Floats:
        """The sum of values, shape (rows,), in each resample."""
        return np.asarray(self.weights @ np.asarray(values, dtype=np.float32), dtype=np.float64)

    def mean(self, values: ArrayLike) -> Floats:
        """The mean of values, shape (rows,), in each resample; nan where it has no row."""
        return share(self.total(values), self.weights.sum(axis=1, dtype=np.float64))

    def f1(self, truth: Flags, flagged: Flags) -> Floats:
        """F1 in each resample."""
        return share(2 * self.total(truth & flagged), self.total(truth) + self.total(flagged))

    def recall(self, truth: Flags, flagged: Flags) -> Floats:
        """Recall in each resample."""
        return share(self.total(truth & flagged), self.total(truth))

    def precision(self, truth: Flags, flagged: Flags) -> Floats:
        """Precision in each resample."""
        return share(self.total(truth & flagged), self.total(flagged))

    def brier_skill(self, truth: Flags, probability: Floats) -> Floats:
        """1 - Brier / the Brier score of the resample's own base rate."""
        base = self.mean(truth)
        return 1 - share(self.mean((probability - truth) ** 2), base * (1 - base))

    def roc_auc(self, truth: Flags, score: Floats) -> Floats:
        """ROC-AUC in each resample; rows of equal score count half."""
        yes, no = self._by_score(truth, score)
        below = np.cumsum(no, axis=1) - no
        ranked = (yes * (below + no / 2)).sum(axis=1, dtype=np.float64)
        return share(ranked, yes.sum(axis=1, dtype=np.float64) * no.sum(axis=1, dtype=np.float64))

    def pr_auc(self, truth: Flags, score: Floats) -> Floats:
        """Average precision in each resample."""
        yes, no = self._by_score(truth, -score)
        found = np.cumsum(yes, axis=1)
        flagged = found + np.cumsum(no, axis=1)
        precision = np.divide(found, flagged, out=np.zeros_like(found), where=flagged > 0)
        return share((yes * precision).sum(axis=1, dtype=np.float64), yes.sum(axis=1, dtype=np.float64))

    def _by_score(self, truth: Flags, score: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How many are positive, and negative, of each score, from the lowest on: shape (resamples, scores) each."""
        order = np.argsort(score, kind="stable")
        first = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
        sorted_weights, positive = self.weights[:, order], truth[order].astype(np.float32)
        yes = np.add.reduceat(sorted_weights * positive, first, axis=1)
        no = np.add.reduceat(sorted_weights * (1 - positive), first, axis=1)
        return yes, no


def interval(measured: Floats, level: float = 0.95) -> tuple[float, float]:
    """The percentiles between which that share of the resamples lies; those without a figure do not count."""
    outside = (1 - level) / 2 * 100
    low, high = np.nanpercentile(measured, [outside, 100 - outside])
    return float(low), float(high)


def share(part: Floats, whole: Floats) -> Floats:
    """Part / whole, of the same shape; nan where the whole is none."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
