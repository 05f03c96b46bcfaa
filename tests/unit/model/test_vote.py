"""The vote of several forests: the mean of theirs, with a calibration that no row had a part in that it scores."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from readmission.model import serving_files
from readmission.model.forest import inputs, make_pipeline, positive
from readmission.model.vote import vote_of
from readmission.params import ForestParams
from tests.unit.prepared import every_category, prepared_rows

PARAMS = ForestParams(n_estimators=40, min_samples_leaf=10, max_features=0.3)


@pytest.fixture(scope="module")
def batches() -> list[pd.DataFrame]:
    """Of different sizes, and the last one of short stays: each batch has a scale of its own."""
    found = [prepared_rows(rows, seed) for seed, rows in enumerate((700, 600, 300))]
    return [*found[:2], found[2].assign(time_in_hospital=found[2]["time_in_hospital"].clip(upper=5))]


@pytest.fixture(scope="module")
def pipelines(batches: list[pd.DataFrame]) -> list[Pipeline]:
    return [make_pipeline(PARAMS, jobs=1).fit(inputs(rows), rows["target"]) for rows in batches]


@pytest.fixture(scope="module")
def vote(pipelines: list[Pipeline], batches: list[pd.DataFrame]) -> Pipeline:
    return vote_of(pipelines, batches)


def share(pipeline: Pipeline, rows: pd.DataFrame) -> np.ndarray:
    column: np.ndarray = pipeline["forest"].forest_.predict_proba(pipeline["columns"].transform(inputs(rows)))[:, 1]
    return column


def test_it_is_the_mean_of_the_forests_whatever_their_scales(pipelines: list[Pipeline], vote: Pipeline) -> None:
    rows = pd.concat([prepared_rows(400, seed=8), every_category()])
    assert share(vote, rows) == pytest.approx(np.mean([share(one, rows) for one in pipelines], axis=0), abs=1e-12)
    assert len(vote["forest"].forest_.estimators_) == 3 * 40
    scales = {tuple(one["columns"].named_transformers_["numbers"].scale_) for one in pipelines}
    assert len(scales) == 3, "else nothing is moved"


def test_calibration_and_threshold_come_from_the_forests_of_the_other_batches(
    pipelines: list[Pipeline], batches: list[pd.DataFrame], vote: Pipeline
) -> None:
    others = [np.mean([share(pipelines[at], batches[mine]) for at in range(3) if at != mine], 0) for mine in range(3)]
    truth = np.concatenate([rows["target"] for rows in batches])
    calibrated = vote["forest"].calibration.apply(np.concatenate(others))
    assert calibrated.mean() == pytest.approx(truth.mean(), abs=1e-3)
    assert vote["forest"].threshold_ in calibrated
    assert (calibrated >= vote["forest"].capacity_threshold_).mean() == pytest.approx(0.1, abs=0.01)


def test_no_forest_is_changed_by_the_vote(pipelines: list[Pipeline], vote: Pipeline) -> None:
    rows = prepared_rows(200, seed=5)
    assert len(pipelines[0]["forest"].forest_.estimators_) == 40
    assert positive(pipelines[0], rows) != pytest.approx(positive(vote, rows), abs=1e-3)
    again = make_pipeline(PARAMS, jobs=1).fit(inputs(first := prepared_rows(700, 0)), first["target"])
    assert positive(pipelines[0], rows) == pytest.approx(positive(again, rows), abs=1e-12)


def test_it_is_served_as_one_file_that_answers_alike(vote: Pipeline, tmp_path: Path) -> None:
    serving_files.write(vote, tmp_path, prepared_rows(100, seed=4), dataset="synthetic", target="lt30")
    assert serving_files.check_parity(vote, tmp_path, pd.concat([every_category(), prepared_rows(300, seed=6)])) <= 1e-6


def test_more_earlier_stays_never_lower_the_risk(vote: Pipeline) -> None:
    rows = prepared_rows(300, seed=2)
    risks = np.array([positive(vote, rows.assign(number_inpatient=stays)) for stays in range(15)])
    assert (np.diff(risks, axis=0) >= -1e-12).all() and risks[-1].mean() > risks[0].mean() + 0.05
