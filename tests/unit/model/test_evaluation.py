"""Metrics against numbers worked out by hand."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from readmission.model.evaluation import evaluate, figures
from readmission.model.resampling import Resampled

TRUTH = np.array([0, 0, 1, 0, 1, 1, 0, 0])
PROBABILITY = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.6, 0.05])
EACH_ROW = Resampled.of_patients(np.arange(8))


def test_an_interval_and_the_error_of_f1_are_those_of_the_resamples() -> None:
    scores = evaluate(TRUTH, PROBABILITY, 0.5, EACH_ROW)
    f1 = EACH_ROW.f1(TRUTH == 1, PROBABILITY >= 0.5)
    assert scores.f1_error == pytest.approx(np.nanstd(f1)) and scores.f1_error > 0.05
    assert scores.intervals["f1"] == pytest.approx(tuple(np.nanpercentile(f1, [2.5, 97.5])))


def test_the_metrics_of_eight_rows() -> None:
    scores = evaluate(TRUTH, PROBABILITY, 0.5, EACH_ROW)
    # Predicted yes: 0.5, 0.9, 0.6, of which two are; missed: 0.3.
    assert scores.rows == 8
    assert scores.accuracy == 6 / 8
    assert scores.precision == pytest.approx(2 / 3)
    assert scores.recall == pytest.approx(2 / 3)
    assert scores.f1 == pytest.approx(2 / 3)
    # Of the 3 x 5 pairs, 0.9 wins 5, 0.5 wins 4 and 0.3 wins 3.
    assert scores.roc_auc == pytest.approx(12 / 15)
    # Precision where each positive is found, best first: 1/1, 2/3, 3/5.
    assert scores.pr_auc == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    squares = [0.01, 0.04, 0.49, 0.16, 0.25, 0.01, 0.36, 0.0025]
    assert scores.brier == pytest.approx(sum(squares) / 8)
    assert scores.base_brier == pytest.approx(3 / 8 * 5 / 8)
    assert scores.brier_skill == pytest.approx(1 - sum(squares) / 8 / (15 / 64))


def test_the_threshold_itself_is_a_yes() -> None:
    assert evaluate(TRUTH, PROBABILITY, 0.9, EACH_ROW).recall == pytest.approx(1 / 3)
    assert evaluate(TRUTH, PROBABILITY, np.nextafter(0.9, 1), EACH_ROW).recall == 0


def test_no_prediction_above_the_threshold_scores_zero_and_not_an_error() -> None:
    scores = evaluate(TRUTH, PROBABILITY, 0.95, EACH_ROW)
    assert (scores.precision, scores.recall, scores.f1, scores.accuracy) == (0, 0, 0, 5 / 8)
    assert "precision" not in scores.intervals and scores.intervals["recall"] == (0, 0)


def test_the_base_rate_is_that_of_the_same_rows() -> None:
    """Always answering the base rate must score exactly the base Brier."""
    scores = evaluate(TRUTH, np.full(8, TRUTH.mean()), 0.5, EACH_ROW)
    assert scores.brier == pytest.approx(scores.base_brier)
    assert scores.roc_auc == 0.5


def test_metrics_are_named_by_split() -> None:
    named = evaluate(TRUTH, PROBABILITY, 0.5, EACH_ROW).named("val")
    certain = ("accuracy", "brier", "base_brier")
    uncertain = ("precision", "recall", "f1", "roc_auc", "pr_auc", "brier_skill")
    ends = [f"{metric}{end}" for metric in uncertain for end in ("", "_low", "_high")]
    assert set(named) == {f"val_{metric}" for metric in (*certain, *ends)}
    assert named["val_accuracy"] == 0.75


def test_there_are_four_figures_a_split() -> None:
    drawn = figures(TRUTH, PROBABILITY, 0.5, "test")
    kinds = ("confusion", "roc", "pr", "calibration")
    assert list(drawn) == [f"test_{kind}.png" for kind in kinds]
    assert all(isinstance(figure, Figure) and figure.axes[0].get_title() for figure in drawn.values())
    counts = [int(text.get_text()) for text in drawn["test_confusion.png"].axes[0].texts]
    assert counts == [4, 1, 1, 2]
