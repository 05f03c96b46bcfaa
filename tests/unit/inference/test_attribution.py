"""What each field adds to a risk: it adds up, it is the forest's, and it goes the way the forest goes."""

from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from readmission.features import NUMBERS
from readmission.inference import Attribution, Scorer, Trees, read_folder
from readmission.inference.serving_config import Calibration
from readmission.model import serving_files
from readmission.model.forest import inputs, positive
from readmission.model.reasons import trees_of
from readmission.model.served_matrix import served_matrix
from readmission.model.serving_files import records
from tests.unit.prepared import every_category, fitted_pipeline, prepared_rows

ROWS = pd.concat([prepared_rows(400, seed=3), every_category()])


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return fitted_pipeline()


@pytest.fixture(scope="module")
def scorer(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    folder: Path = tmp_path_factory.mktemp("served")
    serving_files.write(pipeline, folder, prepared_rows(100, seed=2), dataset="synthetic", target="lt30")
    return Scorer.unproven(read_folder(folder))


def attribution_of(scorer: Scorer) -> Attribution:
    assert scorer.attribution is not None
    return scorer.attribution


def test_base_and_contributions_add_up_to_every_answer(scorer: Scorer) -> None:
    matrix = scorer.matrix(records(inputs(ROWS)))
    assert np.array_equal(served_matrix(scorer, ROWS), matrix)
    answered = scorer.of_matrix(matrix)
    base, by_field = attribution_of(scorer).explain(matrix, answered)
    assert by_field.shape == (len(ROWS), len(scorer.fields))
    assert np.abs(base + by_field.sum(axis=1) - answered).max() < 1e-9
    assert np.ptp(answered) > 0.05, "these rows tell nothing"


def test_the_walks_end_where_the_pipeline_does(scorer: Scorer, pipeline: Pipeline) -> None:
    walked = attribution_of(scorer).walked(served_matrix(scorer, ROWS))
    assert walked == pytest.approx(positive(pipeline, ROWS), abs=1e-6)


@pytest.mark.parametrize("calibration", [(1.0, 0.0), (1.4, -0.8), (0.0, -2.0), (3.0, 20.0)])
@pytest.mark.parametrize("seed", range(4))
def test_it_adds_up_on_random_trees_under_any_calibration(
    scorer: Scorer, seed: int, calibration: tuple[float, float]
) -> None:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(80, scorer.encoding.width)).astype(np.float32)
    depth = int(random.integers(1, 12))
    forest = RandomForestClassifier(7, max_depth=depth, random_state=seed).fit(matrix, random.random(80) < 0.3)
    votes = forest.predict_proba(matrix)[:, 1]
    applied = Calibration(slope=calibration[0], intercept=calibration[1])
    answered = applied.apply(votes.astype(np.float32).astype(np.float64))
    trees = Trees.read(trees_of(_holding(forest)).to_bytes(), scorer.encoding.width)
    attribution = Attribution(trees, scorer.encoding, applied)
    base, by_field = attribution.explain(matrix, answered)
    assert np.isfinite(by_field).all()
    assert np.abs(base + by_field.sum(axis=1) - answered).max() < 1e-9
    assert attribution.walked(matrix) == pytest.approx(applied.apply(votes), abs=1e-6)


def test_a_value_on_a_threshold_goes_the_way_that_scikit_learn_goes(scorer: Scorer) -> None:
    """Thresholds are halfway between values, in 64 bits: rounded up to 32 they would take the upper value along."""
    low = np.float32(1)
    high = np.nextafter(low, np.float32(2))
    matrix = np.zeros((20, scorer.encoding.width), dtype=np.float32)
    matrix[:, 0] = [low, high] * 10
    forest = RandomForestClassifier(5, bootstrap=False, random_state=0).fit(matrix, [0, 1] * 10)
    trees = trees_of(_holding(forest))
    attribution = Attribution(trees, scorer.encoding, Calibration(slope=1, intercept=0))
    assert attribution.walked(matrix[:2]) == pytest.approx(forest.predict_proba(matrix[:2])[:, 1], abs=1e-5)


def test_the_share_of_a_field_is_what_its_splits_change() -> None:
    """One tree by hand: earlier stays split the root, the age one side of it."""
    trees = Trees(
        roots=np.array([0], dtype=np.int32),
        column=np.array([7, -1, 0, -1, -1], dtype=np.int16),
        threshold=np.array([0, 0, 0, 0, 0], dtype=np.float32),
        left=np.array([1, 0, 3, 0, 0], dtype=np.int32),
        right=np.array([2, 0, 4, 0, 0], dtype=np.int32),
        mean=np.array([0.5, 0.25, 0.625, 0.5, 0.75], dtype=np.float32),
    )
    attribution = Attribution(trees, _Numbers(), Calibration(slope=1, intercept=0))  # type: ignore[arg-type]
    matrix = np.zeros((2, len(NUMBERS)), dtype=np.float32)
    matrix[0, [0, 7]] = 1
    base, by_field = attribution.explain(matrix, np.array([0.75, 0.25]))
    assert base == pytest.approx(0.5)
    assert by_field[0, [7, 0]] == pytest.approx([0.125, 0.125]) and by_field[1, [7, 0]] == pytest.approx([-0.25, 0])
    assert np.count_nonzero(by_field) == 3


def test_a_column_that_fields_have_in_common_is_of_those_that_have_it_in_the_row() -> None:
    class InCommon(_Numbers):
        owners = (*_Numbers.owners, {NUMBERS[0]: 0, NUMBERS[1]: 1})

    trees = Trees(
        roots=np.array([0], dtype=np.int32),
        column=np.array([len(NUMBERS), -1, -1], dtype=np.int16),
        threshold=np.array([0.5, 0, 0], dtype=np.float32),
        left=np.array([1, 0, 0], dtype=np.int32),
        right=np.array([2, 0, 0], dtype=np.int32),
        mean=np.array([0.5, 0.25, 0.75], dtype=np.float32),
    )
    attribution = Attribution(trees, InCommon(), Calibration(slope=1, intercept=0))  # type: ignore[arg-type]
    matrix = np.zeros((3, len(NUMBERS) + 1), dtype=np.float32)
    matrix[0, [0, len(NUMBERS)]] = matrix[1, [0, 1, len(NUMBERS)]] = 1
    by_field = attribution.explain(matrix, np.array([0.75, 0.75, 0.25])).by_field
    assert by_field[:, :2] == pytest.approx(np.array([[0.25, 0], [0.125, 0.125], [-0.125, -0.125]]))
    assert not by_field[:, 2:].any()


def test_a_forest_that_never_splits_still_adds_up() -> None:
    trees = Trees(*(np.array([value], dtype=kind) for value, kind in zip((0, -1, 0, 0, 0, 0.2), "ihfiif", strict=True)))
    attribution = Attribution(trees, _Numbers(), Calibration(slope=1, intercept=0))  # type: ignore[arg-type]
    base, by_field = attribution.explain(np.zeros((1, len(NUMBERS)), dtype=np.float32), np.array([0.2 + 3e-8]))
    assert abs(base + by_field.sum() - (0.2 + 3e-8)) < 1e-12


class _Numbers:
    """An encoding of the contract's numbers alone."""

    numbers = NUMBERS
    owners = tuple({name: column} for column, name in enumerate(NUMBERS))
    categories = MappingProxyType[str, dict[str, int]]({})


def _holding(forest: RandomForestClassifier) -> Any:
    """What a calibrated forest is to `trees_of`."""
    return SimpleNamespace(forest_=forest)
