"""What chance leaves of a figure, held against known values and against drawing rows."""

import numpy as np
import pytest

from readmission.model.uncertainty import difference_margin, roc_auc_margin


def test_the_margin_of_a_roc_auc_is_hanleys_and_mcneils() -> None:
    """Their example: 0.893 on 51 abnormal and 58 normal images has a standard error of 0.032."""
    assert roc_auc_margin(0.893, 51, 58) / 1.96 == pytest.approx(0.032, abs=1e-3)


def test_it_is_what_chance_does_to_rows_that_are_drawn_anew() -> None:
    random = np.random.default_rng(3)
    positives, negatives = random.normal(0.6, 1, (2_000, 11, 1)), random.normal(0, 1, (2_000, 1, 86))
    drawn = (positives > negatives).mean(axis=(1, 2))
    assert roc_auc_margin(float(drawn.mean()), 11, 86) == pytest.approx(1.96 * drawn.std(), rel=0.1)


def test_more_rows_leave_less_to_chance() -> None:
    few, many = roc_auc_margin(0.66, 11, 86), roc_auc_margin(0.66, 1_100, 8_600)
    assert few == pytest.approx(10 * many, rel=0.05) and 0.01 < many < 0.02
    assert roc_auc_margin(1.0, 5, 5) == 0


def test_a_difference_is_as_uncertain_as_both_together() -> None:
    assert difference_margin(0.03, 0.04) == pytest.approx(0.05)
