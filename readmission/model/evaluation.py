"""Metrics of a model on one split, and their figures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    RocCurveDisplay,
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from readmission.model.resampling import Resampled, interval

RECORDED = ("accuracy", "precision", "recall", "f1", "roc_auc", "brier")


@dataclass(frozen=True)
class Scores:
    """Metrics of one split.

    `base_brier` is the Brier score of always answering that split's own base rate, `brier_skill` what a model takes off
    it, as a share. `intervals` are the 95 % intervals of some of the metrics, and `f1_error` is the standard error of
    F1, over patients.
    """

    rows: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    roc_auc: float
    pr_auc: float
    brier: float
    base_brier: float
    brier_skill: float
    f1_error: float
    intervals: Mapping[str, tuple[float, float]]

    def named(self, split: str) -> dict[str, float]:
        """The metrics under the names that MLflow shows: `val_f1`, `test_roc_auc`, `test_roc_auc_low`, ..."""
        figures = {name: value for name, value in vars(self).items() if name not in ("rows", "f1_error", "intervals")}
        for name, ends in self.intervals.items():
            figures |= dict(zip((f"{name}_low", f"{name}_high"), ends, strict=True))
        return {f"{split}_{name}": value for name, value in figures.items()}


def evaluate(
    truth: NDArray[np.int64], probability: NDArray[np.float64], threshold: float, resampled: Resampled
) -> Scores:
    """Scores calibrated probabilities, shape (rows,), against 0/1 outcomes, shape (rows,); `resampled` are the same
    rows by patient, from which the intervals come."""
    predicted = (probability >= threshold).astype(int)
    base_rate = float(truth.mean())
    drawn = _drawn(resampled, truth == 1, probability, predicted == 1)
    return Scores(
        rows=len(truth),
        accuracy=float(accuracy_score(truth, predicted)),
        precision=float(precision_score(truth, predicted, zero_division=0)),
        recall=float(recall_score(truth, predicted, zero_division=0)),
        f1=float(f1_score(truth, predicted, zero_division=0)),
        roc_auc=float(roc_auc_score(truth, probability)),
        pr_auc=float(average_precision_score(truth, probability)),
        brier=float(brier_score_loss(truth, probability)),
        base_brier=base_rate * (1 - base_rate),
        brier_skill=1 - float(brier_score_loss(truth, probability)) / max(base_rate * (1 - base_rate), 1e-12),
        f1_error=float(np.nanstd(drawn["f1"])),
        intervals={name: interval(values) for name, values in drawn.items() if np.isfinite(values).any()},
    )


def _drawn(
    resampled: Resampled, truth: NDArray[np.bool_], probability: NDArray[np.float64], flagged: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]]:
    return {
        "precision": resampled.precision(truth, flagged),
        "recall": resampled.recall(truth, flagged),
        "f1": resampled.f1(truth, flagged),
        "roc_auc": resampled.roc_auc(truth, probability),
        "pr_auc": resampled.pr_auc(truth, probability),
        "brier_skill": resampled.brier_skill(truth, probability),
    }


def figures(
    truth: NDArray[np.int64], probability: NDArray[np.float64], threshold: float, split: str
) -> dict[str, Figure]:
    """Confusion matrix, ROC, precision-recall and calibration figures, by file name."""
    drawn = {name: Figure(figsize=(5, 4.5), layout="constrained") for name in ("confusion", "roc", "pr", "calibration")}
    axes = {name: figure.add_subplot() for name, figure in drawn.items()}
    ConfusionMatrixDisplay.from_predictions(
        truth,
        probability >= threshold,
        ax=axes["confusion"],
        display_labels=["not readmitted", "readmitted"],
        colorbar=False,
    )
    RocCurveDisplay.from_predictions(truth, probability, ax=axes["roc"], plot_chance_level=True)
    PrecisionRecallDisplay.from_predictions(truth, probability, ax=axes["pr"], plot_chance_level=True)
    CalibrationDisplay.from_predictions(truth, probability, n_bins=10, strategy="quantile", ax=axes["calibration"])
    for name, axis in axes.items():
        axis.set_title(f"{split}: {name}")
    return {f"{split}_{name}.png": figure for name, figure in drawn.items()}
