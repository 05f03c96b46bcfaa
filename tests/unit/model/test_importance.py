"""What a model goes by: the field that the outcome was made of comes first."""

from pathlib import Path

import pytest

from readmission.features import CATEGORIES, NUMBERS
from readmission.inference import Scorer, read_folder
from readmission.model import serving_files
from readmission.model.importance import SAMPLE, drawn, importance
from tests.unit.prepared import fitted_pipeline, prepared_rows


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    folder: Path = tmp_path_factory.mktemp("served")
    serving_files.write(fitted_pipeline(), folder, prepared_rows(100, seed=2), dataset="synthetic", target="lt30")
    return Scorer.unproven(read_folder(folder))


def test_every_field_has_its_mean_size_the_largest_first(served: Scorer) -> None:
    found = importance(served, prepared_rows(300, seed=5))
    sizes = found["mean_absolute_contribution"]
    assert sizes.keys() == {*NUMBERS, *CATEGORIES} and found["rows"] == 300
    assert [*sizes.values()] == sorted(sizes.values(), reverse=True)
    # The outcome of these rows depends on earlier stays alone.
    names = [*sizes]
    assert names[0] == "number_inpatient" and sizes[names[0]] > 3 * sizes[names[1]]
    assert 0.05 < found["base"] < 0.6


def test_a_sample_is_the_same_each_time(served: Scorer) -> None:
    rows = prepared_rows(SAMPLE + 500, seed=6)
    assert importance(served, rows) == importance(served, rows)
    assert importance(served, rows)["rows"] == SAMPLE


def test_the_largest_are_drawn(served: Scorer) -> None:
    axis = drawn(importance(served, prepared_rows(300, seed=5))).axes[0]
    assert len(axis.patches) == 20 and axis.get_yticklabels()[-1].get_text() == "Inpatient stays (year before)"
