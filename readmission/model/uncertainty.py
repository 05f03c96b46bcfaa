"""How far figures that were measured on a limited number of rows may be off by chance, at 95 %."""

import numpy as np

_Z = 1.96


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
