"""How far figures that were measured on a limited number of rows may be off by chance, at 95 %."""

import numpy as np
from numpy.typing import NDArray

_Z = 1.96
_RESAMPLES = 500


def roc_auc_margin(roc_auc: float, positives: int, negatives: int) -> float:
    """Half the width of a ROC-AUC's interval, by Hanley and McNeil (Radiology 1982; 143:29-36)."""
    both_positive = roc_auc / (2 - roc_auc)
    both_negative = 2 * roc_auc**2 / (1 + roc_auc)
    variance = (
        roc_auc * (1 - roc_auc)
        + (positives - 1) * (both_positive - roc_auc**2)
        + (negatives - 1) * (both_negative - roc_auc**2)
    ) / (positives * negatives)
    return _Z * float(np.sqrt(max(variance, 0.0)))


def difference_margin(*margins: float) -> float:
    """The margin of the difference of figures that were measured on different rows."""
    return float(np.hypot.reduce(margins))


def f1_difference_margin(truth: NDArray[np.bool_], ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> float:
    """The margin of the difference of two F1 on the same rows, shape (rows,) each: the rows are drawn again and again.

    Only how often each of the eight combinations occurs matters, so that drawing rows is drawing these counts.
    """
    kinds = truth * 4 + ours * 2 + theirs
    shares = np.bincount(kinds.astype(int), minlength=8) / len(truth)
    drawn = np.random.default_rng(0).multinomial(len(truth), shares, size=_RESAMPLES)
    kind = np.arange(8)
    f1 = [_f1(drawn, kind >= 4, (kind & bit) > 0) for bit in (2, 1)]
    return _Z * float(np.std(f1[0] - f1[1]))


def _f1(drawn: NDArray[np.int64], true: NDArray[np.bool_], flagged: NDArray[np.bool_]) -> NDArray[np.float64]:
    hits = drawn[:, true & flagged].sum(axis=1)
    both = drawn[:, true].sum(axis=1) + drawn[:, flagged].sum(axis=1)
    f1: NDArray[np.float64] = 2 * hits / np.maximum(both, 1)
    return f1
