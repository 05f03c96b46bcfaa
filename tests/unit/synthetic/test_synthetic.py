"""Made-up encounters keep the contract and look like the real ones."""

from pathlib import Path

import polars as pl
import pytest

from readmission import synthetic
from readmission.dataset.csv_check import check_file
from readmission.features import COLUMN_NAMES, SYNTHETIC_FIRST_ID
from readmission.features.codes import DEATH_OR_HOSPICE
from readmission.synthetic.encounters import CHUNK_ROWS
from tests.conftest import SyntheticCsv

ROWS = 30_000


@pytest.fixture(scope="module")
def written(synthetic_csv: SyntheticCsv) -> Path:
    return synthetic_csv(ROWS, 42)


@pytest.fixture(scope="module")
def encounters(written: Path) -> pl.DataFrame:
    return pl.read_csv(written, infer_schema=False)


def share(encounters: pl.DataFrame, column: str, value: str) -> float:
    return float((encounters[column] == value).mean())  # type: ignore[arg-type]


def test_the_file_keeps_the_contract(written: Path, encounters: pl.DataFrame) -> None:
    found = check_file(written)
    assert (found.rows, found.dataset, found.remarks) == (ROWS, "synthetic", ())
    assert tuple(encounters.columns) == COLUMN_NAMES


def test_rows_and_seed_decide_every_byte(written: Path, tmp_path: Path) -> None:
    synthetic.write(tmp_path / "again.csv", ROWS, seed=42)
    assert (tmp_path / "again.csv").read_bytes() == written.read_bytes()
    synthetic.write(tmp_path / "other.csv", ROWS, seed=43)
    assert (tmp_path / "other.csv").read_bytes() != written.read_bytes()


@pytest.mark.parametrize("rows", [1, CHUNK_ROWS, CHUNK_ROWS + 1])
def test_any_number_of_rows(tmp_path: Path, rows: int) -> None:
    told: list[int] = []
    synthetic.write(tmp_path / "some.csv", rows, seed=7, progress=lambda done, _: told.append(done))
    assert check_file(tmp_path / "some.csv").rows == rows
    assert told[-1] == rows


def test_a_longer_file_begins_as_a_shorter_one(written: Path, tmp_path: Path) -> None:
    synthetic.write(tmp_path / "short.csv", CHUNK_ROWS, seed=42)
    assert written.read_bytes().startswith((tmp_path / "short.csv").read_bytes())


def test_identifiers_tell_that_the_encounters_are_made_up(encounters: pl.DataFrame) -> None:
    for column in ("encounter_id", "patient_nbr"):
        assert encounters[column].cast(pl.Int64).min() >= SYNTHETIC_FIRST_ID  # type: ignore[operator]


def test_patients_come_back_and_stay_the_same_person(encounters: pl.DataFrame) -> None:
    patients = encounters.group_by("patient_nbr").agg(pl.len(), pl.col("race", "gender", "age").n_unique())
    assert ROWS / patients.height == pytest.approx(1.42, abs=0.03)
    assert patients["len"].max() >= 8  # type: ignore[operator]
    assert patients.select(pl.col("race", "gender", "age").max()).row(0) == (1, 1, 1)


# Shares in the real data set.
MARGINS = (
    ("readmitted", "<30", 0.112),
    ("readmitted", ">30", 0.349),
    ("race", "?", 0.022),
    ("gender", "Female", 0.538),
    ("age", "[70-80)", 0.256),
    ("weight", "?", 0.969),
    ("payer_code", "?", 0.396),
    ("medical_specialty", "?", 0.491),
    ("discharge_disposition_id", "11", 0.016),
    ("max_glu_serum", "None", 0.947),
    ("A1Cresult", ">8", 0.081),
    ("insulin", "Steady", 0.303),
    ("number_inpatient", "0", 0.665),
    ("change", "Ch", 0.462),
    ("diabetesMed", "Yes", 0.770),
)


@pytest.mark.parametrize(("column", "value", "real"), MARGINS)
def test_margins_are_those_of_the_real_data(encounters: pl.DataFrame, column: str, value: str, real: float) -> None:
    assert share(encounters, column, value) == pytest.approx(real, abs=0.015)


def test_means_are_those_of_the_real_data(encounters: pl.DataFrame) -> None:
    assert encounters["num_lab_procedures"].cast(pl.Int64).mean() == pytest.approx(43.1, abs=1)
    assert encounters["num_medications"].cast(pl.Int64).mean() == pytest.approx(16.0, abs=1)


def test_nobody_comes_back_after_death_or_hospice(encounters: pl.DataFrame) -> None:
    ended = encounters.filter(pl.col("discharge_disposition_id").is_in(sorted(DEATH_OR_HOSPICE)))
    assert ended.height > 400
    assert ended["readmitted"].unique().to_list() == ["NO"]
