"""What is reported of a model: against scikit-learn, and by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from readmission.model.evaluation import evaluate
from readmission.model.forest import capacity_threshold
from readmission.model.measurement import report
from readmission.model.recalibration import slope_and_intercept
from readmission.model.report import Report
from readmission.model.report_drawn import drawn
from readmission.model.resampling import Resampled

ROWS = 4_000
RANDOM = np.random.default_rng(11)
LOGIT = RANDOM.normal(-1.8, 0.8, ROWS)
PROBABILITY = 1 / (1 + np.exp(-LOGIT))
# Told risks are too far apart: the slope is 0.7, the intercept -0.3.
TRUTH = RANDOM.random(ROWS) < 1 / (1 + np.exp(-(0.7 * LOGIT - 0.3)))
FRAME = pd.DataFrame(
    {
        "target": TRUTH.astype(int),
        "patient": np.arange(ROWS) // 2,
        "race": np.where(
            np.arange(ROWS) < 60, "Asian", np.where(np.arange(ROWS) % 4 == 0, "AfricanAmerican", "Caucasian")
        ),
        "gender": np.where(np.arange(ROWS) % 2 == 0, "Female", "Male"),
        "age": RANDOM.integers(20, 90, ROWS),
    }
)
DRAWN = Resampled.of_patients(FRAME["patient"], resamples=100)
WHOLE = Resampled(np.ones((1, ROWS), dtype=np.float32))


@pytest.fixture(scope="module")
def measured() -> Report:
    return _report("test", FRAME)


def _report(split: str, rows: pd.DataFrame) -> Report:
    scores = evaluate(rows["target"].to_numpy(), PROBABILITY, 0.2, DRAWN)
    return report(split, rows, PROBABILITY, 0.2, DRAWN, scores)


def _regression(truth: np.ndarray, logit: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000).fit(logit[:, None], truth, weights)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def test_slope_and_intercept_are_those_of_a_logistic_regression_in_each_resample() -> None:
    slopes, intercepts = slope_and_intercept(DRAWN, TRUTH, PROBABILITY)
    for place in (0, 50, 99):
        expected = _regression(TRUTH, LOGIT, DRAWN.weights[place])
        assert (slopes[place], intercepts[place]) == pytest.approx(expected, abs=1e-4)


def test_there_is_no_slope_of_one_outcome_or_one_risk() -> None:
    assert np.isnan(slope_and_intercept(WHOLE, np.zeros(ROWS, dtype=bool), PROBABILITY)).all()
    assert np.isnan(slope_and_intercept(WHOLE, TRUTH, np.full(ROWS, 0.1))).all()


def test_the_figures_of_all_rows_are_scikit_learns(measured: Report) -> None:
    figures = measured.figures
    flagged = PROBABILITY >= 0.2
    assert figures["roc_auc"].value == pytest.approx(roc_auc_score(TRUTH, PROBABILITY), abs=1e-5)
    assert figures["recall"].value == pytest.approx(recall_score(TRUTH, flagged))
    assert figures["precision"].value == pytest.approx(precision_score(TRUTH, flagged))
    assert figures["alerts_per_100"].value == pytest.approx(100 * flagged.mean())
    assert figures["observed_to_expected"].value == pytest.approx(TRUTH.sum() / PROBABILITY.sum(), rel=1e-5)
    line = (figures["calibration_slope"].value, figures["calibration_intercept"].value)
    assert line == pytest.approx(_regression(TRUTH, LOGIT, np.ones(ROWS)), abs=1e-4)
    assert line == pytest.approx((0.7, -0.3), abs=0.2)
    for figure in figures.values():
        assert figure.low is not None and figure.value is not None and figure.high is not None
        assert figure.low < figure.value < figure.high
    assert (measured.rows, measured.patients, measured.positives) == (ROWS, ROWS // 2, TRUTH.sum())


def test_at_a_rate_the_riskiest_rows_are_flagged(measured: Report) -> None:
    riskiest = np.argsort(-PROBABILITY)
    for at, rate in zip(measured.at_rates, (0.05, 0.1, 0.2), strict=True):
        first = riskiest[: int(rate * ROWS)]
        assert at.rate == rate and at.threshold == PROBABILITY[first].min()
        assert at.precision.value == pytest.approx(TRUTH[first].mean())
        assert at.recall.value == pytest.approx(TRUTH[first].sum() / TRUTH.sum())


def test_a_capacity_flags_at_least_one_row_and_those_that_tie() -> None:
    risks = np.array([0.1, 0.4, 0.2, 0.4, 0.3])
    assert capacity_threshold(risks, 0.01) == capacity_threshold(risks, 0.2) == 0.4
    assert capacity_threshold(risks, 0.6) == 0.3
    assert capacity_threshold(risks, 1) == 0.1


def test_net_benefit_weighs_a_false_alert_by_the_odds_of_the_threshold(measured: Report) -> None:
    at = next(one for one in measured.net_benefit if one.threshold == 0.2)
    flagged = PROBABILITY >= 0.2
    true, false = (TRUTH & flagged).sum(), (~TRUTH & flagged).sum()
    assert at.model.value == pytest.approx((true - false / 4) / ROWS)
    assert at.treat_all.value == pytest.approx((TRUTH.sum() - (~TRUTH).sum() / 4) / ROWS)
    assert [one.threshold for one in measured.net_benefit] == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25, 0.3])


def test_a_group_is_measured_as_its_rows_alone_would_be(measured: Report) -> None:
    members = (FRAME["gender"] == "Male").to_numpy()
    group = measured.groups["gender Male"]
    assert (group.rows, group.positives, group.assessable) == (ROWS // 2, TRUTH[members].sum(), True)
    assert group.figures["roc_auc"].value == pytest.approx(
        roc_auc_score(TRUTH[members], PROBABILITY[members]), abs=1e-5
    )
    assert group.figures["recall"].value == pytest.approx(recall_score(TRUTH[members], PROBABILITY[members] >= 0.2))
    expected = _regression(TRUTH[members], LOGIT[members], np.ones(ROWS // 2))[0]
    assert group.figures["calibration_slope"].value == pytest.approx(expected, abs=1e-4)


def test_a_group_of_few_is_measured_and_said_not_to_be_assessable(measured: Report) -> None:
    group = measured.groups["race other"]
    assert (group.rows, group.assessable) == (60, False) and group.positives < 50
    recall = group.figures["recall"]
    assert recall.low is not None and recall.high is not None and recall.high - recall.low > 0.1


def test_what_the_rows_do_not_give_is_none() -> None:
    none_back = FRAME.assign(target=FRAME["target"].where(FRAME["race"] != "Asian", 0))
    found = _report("val", none_back).groups["race other"]
    assert found.figures["recall"].value is found.figures["roc_auc"].low is None
    assert found.figures["alerts_per_100"].value is not None
    named = _report("val", none_back).named()
    assert "val_recall/race other" not in named and "val_alerts_per_100/race other" in named


def test_main_figures_are_named_by_split(measured: Report) -> None:
    named = measured.named()
    assert named["test_recall_at_10"] == measured.at_rates[1].recall.value
    assert named["test_recall_at_10_low"] == measured.at_rates[1].recall.low
    assert named["test_calibration_slope"] == measured.figures["calibration_slope"].value
    assert named["test_recall/race other"] == measured.groups["race other"].figures["recall"].value
    assert Report.model_validate_json(measured.model_dump_json()) == measured


def test_groups_and_decision_curve_are_drawn_with_what_is_measured(measured: Report) -> None:
    figures = drawn(measured)
    assert list(figures) == ["test_groups.png", "test_decision_curve.png"]
    panels = figures["test_groups.png"].axes
    assert [label.get_text() for label in panels[0].get_yticklabels()] == list(measured.groups)
    assert [panel.get_title() for panel in panels] == ["ROC-AUC", "recall", "precision", "alerts per 100"]
    curve = figures["test_decision_curve.png"].axes[0].lines[0]
    assert np.asarray(curve.get_ydata()).tolist() == [one.model.value for one in measured.net_benefit]
