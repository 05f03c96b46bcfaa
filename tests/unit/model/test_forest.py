"""The forest: what it learns, how it calibrates itself, and how it decides."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from readmission.errors import TrainingError
from readmission.features import BY_NAME, CATEGORIES, FIELDS, NUMBERS
from readmission.inference import Calibration
from readmission.model.forest import CalibratedForest, best_threshold, inputs, make_pipeline, positive
from readmission.params import ForestParams
from tests.unit.prepared import every_category, prepared_rows

ROWS = 1_500
Floats = NDArray[np.float64]
PARAMS = ForestParams(n_estimators=60, min_samples_leaf=10, max_features=0.3)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return prepared_rows(ROWS, seed=1)


@pytest.fixture(scope="module")
def pipeline(rows: pd.DataFrame) -> Iterator[Pipeline]:
    yield make_pipeline(PARAMS, jobs=1).fit(inputs(rows), rows["target"])


@pytest.fixture(scope="module")
def forest(pipeline: Pipeline) -> CalibratedForest:
    fitted: CalibratedForest = pipeline["forest"]
    return fitted


def votes(forest: CalibratedForest) -> Floats:
    column: Floats = forest.forest_.oob_decision_function_[:, 1]
    return column


def test_the_threshold_has_the_highest_f1_of_all_on_out_of_bag_votes(
    forest: CalibratedForest, rows: pd.DataFrame
) -> None:
    calibrated = forest.calibration.apply(votes(forest))
    truth = rows["target"].to_numpy()
    reached = _f1(truth, calibrated >= forest.threshold_)
    assert reached == max(_f1(truth, calibrated >= threshold) for threshold in np.unique(calibrated))


def test_the_capacity_threshold_flags_a_tenth_of_the_out_of_bag_votes(forest: CalibratedForest) -> None:
    calibrated = forest.calibration.apply(forest.forest_.oob_decision_function_[:, 1])
    assert (calibrated >= forest.capacity_threshold_).mean() == pytest.approx(0.1, abs=0.01)


def test_the_best_threshold_of_five_rows() -> None:
    truth, probability = np.array([0, 1, 0, 1, 0]), np.array([0.1, 0.3, 0.35, 0.6, 0.7])
    assert best_threshold(truth, probability) == 0.3  # finds both with two false alarms: F1 2/3


def test_platts_calibration_maximises_the_likelihood_of_out_of_bag_votes(
    forest: CalibratedForest, rows: pd.DataFrame
) -> None:
    clipped = np.clip(votes(forest), 1e-6, 1 - 1e-6)
    line = _newton(np.log(clipped / (1 - clipped)), rows["target"].to_numpy())
    assert [forest.calibration_slope_, forest.calibration_intercept_] == pytest.approx(list(line), abs=1e-3)


def test_calibration_moves_the_logit_along_a_line() -> None:
    applied = Calibration(slope=2, intercept=-1).apply(np.array([0.5, 0.8, 0.0, 1.0]))
    assert applied[0] == pytest.approx(1 / (1 + np.e))
    assert applied[1] == pytest.approx(1 / (1 + np.exp(1 - 2 * np.log(4))))
    assert 0 < applied[2] < applied[3] < 1


def test_calibrated_probabilities_have_the_base_rate_as_their_mean(
    forest: CalibratedForest, rows: pd.DataFrame
) -> None:
    assert forest.calibration.apply(votes(forest)).mean() == pytest.approx(rows["target"].mean(), abs=1e-3)


def test_its_parameters_are_those_that_may_be_chosen(forest: CalibratedForest) -> None:
    assert forest.get_params() == {
        **PARAMS.model_dump(),
        "n_jobs": 1,
        "increasing": [NUMBERS.index("number_inpatient")],
    }
    assert clone(forest).get_params() == forest.get_params()
    with pytest.raises(TypeError, match="n_estimators"):
        CalibratedForest()  # type: ignore[call-arg]


def test_the_forest_is_unweighted(forest: CalibratedForest) -> None:
    assert forest.forest_.class_weight is None
    assert "class_weight" not in forest.get_params()


def test_the_out_of_bag_roc_auc_is_measured_on_rows_that_a_tree_did_not_see(
    forest: CalibratedForest, pipeline: Pipeline
) -> None:
    fresh = prepared_rows(ROWS, seed=2)
    wins = _roc_auc(fresh["target"].to_numpy(), positive(pipeline, fresh))
    assert forest.out_of_bag_roc_auc_ == pytest.approx(wins, abs=0.04)
    assert 0.55 < wins < 0.8


def test_it_decides_by_its_threshold(pipeline: Pipeline, forest: CalibratedForest, rows: pd.DataFrame) -> None:
    probability = positive(pipeline, rows)
    predicted = pipeline.predict(inputs(rows))
    assert (predicted == (probability >= forest.threshold_)).all()
    assert 0 < predicted.mean() < 1
    assert not (predicted == (probability >= 0.5)).all()


def test_the_two_columns_of_probabilities_add_up_to_one(pipeline: Pipeline, rows: pd.DataFrame) -> None:
    assert pipeline.predict_proba(inputs(rows)).sum(axis=1) == pytest.approx(1)


def test_one_class_only_is_an_error(rows: pd.DataFrame) -> None:
    with pytest.raises(TrainingError, match="one class"):
        make_pipeline(PARAMS, jobs=1).fit(inputs(rows), rows["target"] * 0)


def test_a_row_without_an_out_of_bag_vote_is_an_error(rows: pd.DataFrame) -> None:
    """With 10 trees one row in a hundred is in every bootstrap."""
    few = PARAMS.model_copy(update={"n_estimators": 10})
    with pytest.raises(TrainingError, match="no out-of-bag vote; raise n_estimators"):
        make_pipeline(few, jobs=1).fit(inputs(rows), rows["target"])


def test_the_same_seed_gives_the_same_forest_on_any_number_of_cores(pipeline: Pipeline, rows: pd.DataFrame) -> None:
    again = make_pipeline(PARAMS, jobs=2).fit(inputs(rows), rows["target"])
    other = make_pipeline(PARAMS.model_copy(update={"random_state": 7}), jobs=1).fit(inputs(rows), rows["target"])
    # Threads add the trees' votes up in any order.
    assert positive(again, rows) == pytest.approx(positive(pipeline, rows), abs=1e-12)
    assert positive(other, rows) != pytest.approx(positive(pipeline, rows), abs=1e-3)


def test_the_columns_come_from_the_contract_and_not_from_the_data(rows: pd.DataFrame) -> None:
    """A batch that lacks categories gives a model of the same width."""
    poor = rows.assign(**{name: BY_NAME[name].vocabulary[0] for name in CATEGORIES})
    fitted = make_pipeline(PARAMS, jobs=1).fit(inputs(poor), poor["target"])
    width = len(NUMBERS) + sum(len(BY_NAME[name].vocabulary) for name in CATEGORIES)
    assert fitted["forest"].forest_.n_features_in_ == width + len(BY_NAME["diag_1"].vocabulary)
    assert np.isfinite(positive(fitted, every_category())).all()


@pytest.mark.parametrize("name", [field.name for field in FIELDS if not field.model and field.vocabulary])
def test_what_is_no_input_changes_nothing(pipeline: Pipeline, rows: pd.DataFrame, name: str) -> None:
    usual = positive(pipeline, rows)
    for value in BY_NAME[name].vocabulary:
        assert (positive(pipeline, rows.assign(**{name: value})) == usual).all()


def test_more_earlier_stays_raise_the_risk(pipeline: Pipeline, rows: pd.DataFrame) -> None:
    risks = [positive(pipeline, rows.assign(number_inpatient=stays)) for stays in range(21)]
    assert all((more >= fewer).all() for fewer, more in pairwise(risks)), "for each patient, not on average"
    assert risks[-1].mean() > risks[0].mean() + 0.1


def _roc_auc(truth: Floats, score: Floats) -> float:
    """Of all pairs of a positive and a negative, the share that is ranked rightly."""
    difference = score[truth == 1][:, None] - score[truth == 0][None, :]
    return float((np.sign(difference) + 1).mean() / 2)


def _f1(truth: Floats, predicted: NDArray[np.bool_]) -> float:
    return float(2 * truth[predicted].sum() / (predicted.sum() + truth.sum()))


def _newton(logit: Floats, truth: Floats) -> Floats:
    """Slope and intercept of the logistic regression of 0/1 outcomes on one number."""
    design, line = np.column_stack([logit, np.ones_like(logit)]), np.zeros(2)
    for _ in range(25):
        probability = 1 / (1 + np.exp(-design @ line))
        curvature = design.T @ (design * (probability * (1 - probability))[:, None])
        line = line + np.linalg.solve(curvature, design.T @ (truth - probability))
    return line
