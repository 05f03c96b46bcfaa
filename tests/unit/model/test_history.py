"""A version with history uses what it is told and answers without it; one without history is as it was."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from readmission.features import CATEGORIES, NUMBERS, Value, complete_request, model_row
from readmission.inference import Scorer, read_folder
from readmission.model import serving_files
from readmission.model.comparison import Answers, compare
from readmission.model.forest import columns_of, inputs, make_pipeline, positive
from readmission.model.importance import importance
from readmission.model.served_matrix import served_matrix
from readmission.model.vote import vote_of
from readmission.params import ForestParams
from tests.unit.prepared import prepared_rows

PARAMS = ForestParams(n_estimators=40, min_samples_leaf=10, max_features=0.3)
TOLD: dict[str, Value] = {"previous_stays": 4, "previous_readmitted": "<30"}


def rows(count: int, seed: int) -> pd.DataFrame:
    """Prepared rows, with outcomes that go by the history alone."""
    random, made = np.random.default_rng([seed, 1]), prepared_rows(count, seed)
    stays = random.integers(0, 5, count).astype(float)
    soon = np.where(stays == 0, "missing", random.choice(["<30", ">30"], count))
    risk = 0.1 + 0.08 * stays + 0.3 * (soon == "<30")
    outcome = (random.random(count) < risk).astype(int)
    return made.assign(previous_stays=stays, previous_readmitted=soon, target=outcome)


def voted(history: bool) -> Pipeline:
    batches = [rows(700, 1), rows(500, 2)]
    unfitted = (make_pipeline(PARAMS, 1, history=history) for _ in batches)
    return vote_of([one.fit(inputs(x, one), x["target"]) for one, x in zip(unfitted, batches, strict=True)], batches)


@pytest.fixture(scope="module")
def told() -> Pipeline:
    return voted(history=True)


@pytest.fixture(scope="module")
def untold() -> Pipeline:
    return voted(history=False)


def served(pipeline: Pipeline, folder: Path) -> Scorer:
    serving_files.write(pipeline, folder, rows(100, 3), dataset="synthetic", target="lt30")
    assert serving_files.check_parity(pipeline, folder, rows(400, 4)) <= 1e-6
    return Scorer.unproven(read_folder(folder))


def test_without_history_the_columns_are_those_of_before(untold: Pipeline, tmp_path: Path) -> None:
    assert columns_of(untold) == ([*NUMBERS], [*CATEGORIES])
    assert list(inputs(rows(10, 5), untold)) == list(inputs(rows(10, 5))) == [*NUMBERS, *CATEGORIES]
    assert served(untold, tmp_path).config.fields == [*NUMBERS, *CATEGORIES]
    examples = json.loads((tmp_path / "examples.json").read_text())["rows"]
    assert all(list(row) == [*NUMBERS, *CATEGORIES] for row in examples)


def test_with_history_two_columns_more_and_three_are_used(told: Pipeline, untold: Pipeline, tmp_path: Path) -> None:
    scorer = served(told, tmp_path)
    assert [number.name for number in scorer.config.numbers] == [*NUMBERS, "previous_stays"]
    assert list(scorer.config.categories) == [*CATEGORIES, "previous_readmitted"]
    assert scorer.config.categories["previous_readmitted"] == [">30", "<30", "missing"]
    width = [one["forest"].forest_.n_features_in_ for one in (untold, told)]
    assert width[1] == width[0] + 1 + 3 == scorer.encoding.width
    assert scorer.attribution is not None and "previous_stays" in scorer.attribution.fields
    first = list(importance(scorer, rows(300, 6))["mean_absolute_contribution"])[:2]
    assert set(first) == set(TOLD)


def test_a_version_with_history_goes_by_it_and_answers_without(told: Pipeline, tmp_path: Path) -> None:
    scorer = served(told, tmp_path)
    unknown = scorer.score(complete_request({}))
    for blank in ({"previous_stays": 0}, {"previous_stays": None, "previous_readmitted": None}):
        assert scorer.score(complete_request({**blank})) == unknown
    assert scorer.score(complete_request({"previous_readmitted": "missing"})) == unknown
    assert scorer.score(complete_request(TOLD)) > unknown + 0.1
    assert scorer.probabilities([model_row(complete_request(TOLD))]) == [scorer.score(complete_request(TOLD))]
    assert scorer.score(complete_request({"days_since_previous_stay": 3})) == unknown


def test_a_version_without_history_ignores_it(untold: Pipeline, tmp_path: Path) -> None:
    scorer = served(untold, tmp_path)
    asked = complete_request({**TOLD, "days_since_previous_stay": 3})
    assert scorer.score(asked) == scorer.score(complete_request({}))
    assert positive(untold, rows(50, 7)).tolist() == positive(untold, rows(50, 7).assign(previous_stays=0)).tolist()


def test_both_kinds_are_compared_on_the_same_rows(told: Pipeline, untold: Pipeline, tmp_path: Path) -> None:
    """Of the same prepared rows each is asked what it uses."""
    val = rows(1_500, 8).assign(patient=range(1_500), race="Asian")
    answers = []
    for pipeline, name in ((told, "told"), (untold, "untold")):
        (tmp_path / name).mkdir()
        scorer = served(pipeline, tmp_path / name)
        answers.append(Answers(scorer.of_matrix(served_matrix(scorer, val)), scorer.config.threshold))
        assert answers[-1].probability == pytest.approx(positive(pipeline, val), abs=1e-6)
    numbers = compare(val, *answers).numbers
    assert numbers["rows"] == 1_500 and numbers["roc_auc_change_low"] > 0.1 and numbers["f1_higher"] == 1
    back = compare(val, *answers[::-1]).numbers
    assert back["roc_auc_change"] == pytest.approx(-numbers["roc_auc_change"])
