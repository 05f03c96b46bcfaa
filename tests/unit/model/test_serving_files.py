"""The served files answer as the pipeline does, and refuse to load when they are not what training wrote."""

import json
from pathlib import Path
from typing import Any

import pytest
from sklearn.pipeline import Pipeline

from readmission.errors import TrainingError
from readmission.features import BY_NAME, CATEGORIES, CONTRACT_VERSION
from readmission.inference import FOREST_FILE, SERVING_FILE, ModelFileError, ServingConfig
from readmission.model import serving_files
from readmission.model.forest import inputs, make_pipeline, positive
from readmission.params import ForestParams
from tests.signed import load_signed
from tests.unit.prepared import every_category, prepared_rows


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    rows = prepared_rows(1_500, seed=1)
    return make_pipeline(ForestParams(n_estimators=60, min_samples_leaf=10), 1).fit(inputs(rows), rows["target"])


@pytest.fixture
def folder(pipeline: Pipeline, tmp_path: Path) -> Path:
    serving_files.write(pipeline, tmp_path, every_category(), dataset="synthetic", target="lt30")
    return tmp_path


def edit(folder: Path, **changes: Any) -> None:
    """Changes what `serving.json` says, and has the manifest name it as it is now."""
    path = folder / SERVING_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes), encoding="utf-8")


def test_four_files_are_written_and_say_what_they_are(pipeline: Pipeline, tmp_path: Path) -> None:
    written = serving_files.write(pipeline, tmp_path, every_category(), dataset="real", target="any")
    assert [path.name for path in written] == ["forest.onnx", "serving.json", "reasons.bin", "examples.json"]
    config = load_signed(tmp_path).config
    assert (config.dataset, config.target, config.contract_version) == ("real", "any", CONTRACT_VERSION)
    assert config.threshold == pipeline["forest"].threshold_
    assert config.capacity_threshold == pipeline["forest"].capacity_threshold_
    assert config.calibration == pipeline["forest"].calibration
    assert config.categories == {name: list(BY_NAME[name].vocabulary) for name in CATEGORIES}


def test_every_category_of_every_field_is_answered_as_by_the_pipeline(pipeline: Pipeline, folder: Path) -> None:
    rows = every_category()
    assert len(rows) > 200
    assert len(set(positive(pipeline, rows))) > 20
    assert serving_files.check_parity(pipeline, folder, rows) <= 1e-6


def test_random_encounters_are_answered_as_by_the_pipeline(pipeline: Pipeline, folder: Path) -> None:
    assert serving_files.check_parity(pipeline, folder, prepared_rows(3_000, seed=2)) <= 1e-6


def test_another_calibration_is_found_out(pipeline: Pipeline, folder: Path) -> None:
    calibration = pipeline["forest"].calibration
    edit(folder, calibration={"slope": calibration.slope, "intercept": calibration.intercept + 1e-4})
    with pytest.raises(TrainingError, match="differs from the trained one"):
        serving_files.check_parity(pipeline, folder, every_category())


def test_a_missing_category_is_found_out(pipeline: Pipeline, folder: Path) -> None:
    """As when "None" is read as missing on one side and served as text on the other."""
    categories = {name: list(BY_NAME[name].vocabulary) for name in CATEGORIES}
    renamed = {name: ["nan" if value == "None" else value for value in values] for name, values in categories.items()}
    edit(folder, categories=renamed)
    with pytest.raises(TrainingError, match="differs from the trained one"):
        serving_files.check_parity(pipeline, folder, every_category())


def test_a_probability_that_is_no_number_is_found_out(
    pipeline: Pipeline, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_files, "positive", lambda *_: float("nan"))
    with pytest.raises(TrainingError):
        serving_files.check_parity(pipeline, folder, every_category())


def test_a_forest_that_is_not_the_one_described_is_refused(folder: Path) -> None:
    path = folder / FOREST_FILE
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelFileError, match="sha256 differs"):
        load_signed(folder)


@pytest.mark.parametrize("contract", ["0", "3", "", "one"])
def test_a_contract_that_is_neither_the_present_nor_the_one_before_is_refused(folder: Path, contract: str) -> None:
    edit(folder, contract_version=contract)
    with pytest.raises(
        ModelFileError, match=f"the model follows contract {contract}, this service 2 and the one before"
    ):
        load_signed(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": None},
        {"threshold": float("nan")},
        {"calibration": {"slope": float("inf"), "intercept": 0}},
        {"numbers": [{"name": "age", "mean": 65, "scale": float("nan")}]},
        {"categories": []},
    ],
)
def test_a_damaged_description_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    edit(folder, **changes)
    with pytest.raises(ModelFileError, match="cannot read"):
        load_signed(folder)


def test_text_that_is_no_json_is_refused(folder: Path) -> None:
    (folder / SERVING_FILE).write_bytes(b"\x80not json")
    with pytest.raises(ModelFileError, match="cannot read"):
        load_signed(folder)


def test_the_description_holds_finite_numbers_only(folder: Path) -> None:
    config = ServingConfig.model_validate_json((folder / SERVING_FILE).read_bytes())
    assert all(number.scale > 0 for number in config.numbers)
