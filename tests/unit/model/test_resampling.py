"""Resamples of patients: what they draw, and that each figure is scikit-learn's on the rows that were drawn."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from readmission.model.resampling import Flags, Floats, Resampled, interval

RANDOM = np.random.default_rng(3)
PATIENTS = RANDOM.integers(120, size=300)
TRUTH: Flags = RANDOM.random(300) < 0.3
SCORE: Floats = np.clip(RANDOM.normal(0.3 + 0.1 * TRUTH, 0.2), 0, 1).round(2)  # with rows of equal score
FLAGGED: Flags = SCORE >= 0.4


@pytest.fixture(scope="module")
def drawn() -> Resampled:
    return Resampled.of_patients(PATIENTS, resamples=40)


def test_patients_are_drawn_whole_and_as_many_as_there_are(drawn: Resampled) -> None:
    patients = len(np.unique(PATIENTS))
    for weights in drawn.weights:
        of_patient = {patient: set(weights[patient == PATIENTS]) for patient in PATIENTS}
        assert all(len(weight) == 1 for weight in of_patient.values())
        assert sum(weight.pop() for weight in of_patient.values()) == patients
    assert len({tuple(weights) for weights in drawn.weights}) == 40
    assert (Resampled.of_patients(PATIENTS, resamples=40).weights == drawn.weights).all()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda one: one.f1(TRUTH, FLAGGED), lambda at: f1_score(TRUTH[at], FLAGGED[at])),
        (lambda one: one.recall(TRUTH, FLAGGED), lambda at: recall_score(TRUTH[at], FLAGGED[at])),
        (lambda one: one.precision(TRUTH, FLAGGED), lambda at: precision_score(TRUTH[at], FLAGGED[at])),
        (lambda one: one.roc_auc(TRUTH, SCORE), lambda at: roc_auc_score(TRUTH[at], SCORE[at])),
        (lambda one: one.pr_auc(TRUTH, SCORE), lambda at: average_precision_score(TRUTH[at], SCORE[at])),
        (lambda one: one.mean(FLAGGED), lambda at: FLAGGED[at].mean()),
        (
            lambda one: one.brier_skill(TRUTH, SCORE),
            lambda at: 1 - brier_score_loss(TRUTH[at], SCORE[at]) / (TRUTH[at].mean() * (1 - TRUTH[at].mean())),
        ),
    ],
    ids=["f1", "recall", "precision", "roc_auc", "pr_auc", "alerts", "brier_skill"],
)
def test_a_figure_is_that_of_the_rows_that_were_drawn(
    drawn: Resampled, ours: Callable[[Resampled], Floats], theirs: Callable[[np.ndarray], float]
) -> None:
    expected = [theirs(np.repeat(np.arange(300), weights.astype(int))) for weights in drawn.weights]
    assert ours(drawn) == pytest.approx(expected, abs=1e-5)


def test_rows_can_be_left_out(drawn: Resampled) -> None:
    some = FLAGGED
    assert drawn.of(some).mean(TRUTH[some]) == pytest.approx(drawn.precision(TRUTH, FLAGGED), abs=1e-6)


def test_what_has_no_row_has_no_figure(drawn: Resampled) -> None:
    none = np.zeros(300, dtype=bool)
    assert np.isnan(drawn.recall(none, FLAGGED)).all()
    assert np.isnan(drawn.of(none).mean(none[none])).all()


def test_an_interval_has_the_share_of_resamples_within() -> None:
    low, high = interval(np.array([*range(101), np.nan]), 0.9)
    assert (low, high) == pytest.approx((5, 95))


def test_patients_with_many_rows_make_a_figure_less_certain_than_rows_alone_would() -> None:
    patients = np.repeat(np.arange(60), 5)
    truth = np.repeat(RANDOM.random(60) < 0.5, 5)
    of_patients = np.ptp(interval(Resampled.of_patients(patients).mean(truth)))
    of_rows = np.ptp(interval(Resampled.of_patients(np.arange(300)).mean(truth)))
    assert of_patients > 1.8 * of_rows
