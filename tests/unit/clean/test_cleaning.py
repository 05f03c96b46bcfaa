"""What cleaning keeps, drops and makes of each value."""

from typing import Any

import polars as pl
import pytest

from readmission.clean.cleaning import clean
from readmission.features import PREPARED_FIELDS, FieldError
from readmission.features.codes import DEATH_OR_HOSPICE
from tests.unit.encounters import raw_rows


def cleaned(*changes: dict[str, str], target: Any = "lt30") -> pl.DataFrame:
    return clean(raw_rows(*changes), target).collect()


def test_the_columns_are_the_contracts_with_its_types() -> None:
    schema = cleaned().schema
    assert list(schema)[:3] == ["encounter_id", "patient_nbr", "target"]
    assert list(schema)[3:] == [field.name for field in PREPARED_FIELDS]
    for field in PREPARED_FIELDS:
        assert schema[field.name] == (pl.Float64 if field.kind == "number" else pl.String)


@pytest.mark.parametrize("code", sorted(DEATH_OR_HOSPICE))
def test_encounters_that_ended_in_death_or_hospice_are_dropped(code: str) -> None:
    kept = cleaned({"discharge_disposition_id": code}, {"discharge_disposition_id": "1"})
    assert kept["encounter_id"].to_list() == [2]


def test_invalid_gender_is_dropped() -> None:
    assert cleaned({"gender": "Unknown/Invalid"}, {"gender": "Male"})["gender"].to_list() == ["Male"]


def test_a_question_mark_is_a_category_of_its_own_and_never_the_mode() -> None:
    marks = dict.fromkeys(("race", "payer_code", "medical_specialty", "diag_1", "diag_2", "diag_3"), "?")
    row = cleaned(marks, *[{}] * 20).row(0, named=True)
    assert row["race"] == "Unknown"
    assert {row[name] for name in marks if name != "race"} == {"missing"}


def test_unknown_admission_codes_are_missing_and_never_home() -> None:
    row = cleaned({"discharge_disposition_id": "18", "admission_type_id": "5", "admission_source_id": "9"}).row(
        0, named=True
    )
    names = ("discharge_disposition_id", "admission_type_id", "admission_source_id")
    assert [row[name] for name in names] == ["missing"] * 3
    assert (row["discharge_code"], row["admission_type_code"], row["admission_source_code"]) == ("18", "5", "9")


def test_the_text_none_stays_a_category() -> None:
    row = cleaned({"max_glu_serum": "None", "A1Cresult": "None"}).row(0, named=True)
    assert (row["max_glu_serum"], row["A1Cresult"]) == ("None", "None")
    assert cleaned({}).null_count().sum_horizontal().item() == 0


def test_ages_become_midpoints_and_codes_their_groups() -> None:
    row = cleaned({"age": "[0-10)", "admission_type_id": "3", "diag_1": "250.83", "diag_2": "V45"}).row(0, named=True)
    assert (row["age"], row["admission_type_id"]) == (5.0, "Electiva")
    assert (row["diag_1"], row["diag_2"]) == ("complicated_diabetes", "transplant_or_device")


@pytest.mark.parametrize(("target", "expected"), [("lt30", [1, 0, 0]), ("any", [1, 1, 0])])
def test_the_target_is_within_thirty_days_or_any(target: str, expected: list[int]) -> None:
    rows = cleaned({"readmitted": "<30"}, {"readmitted": ">30"}, {"readmitted": "NO"}, target=target)
    assert rows["target"].to_list() == expected


def test_a_value_outside_the_contract_is_an_error_that_names_the_field() -> None:
    with pytest.raises(FieldError, match="diag_2: a value is not an ICD-9 code"):
        cleaned({"diag_2": "xyz"})
    with pytest.raises(FieldError, match="age"):
        cleaned({"age": "65"})


def test_numbers_may_come_as_the_databases_integers() -> None:
    raw = raw_rows({"num_medications": "81"}).with_columns(
        pl.col("num_medications", "discharge_disposition_id", "encounter_id").cast(pl.Int64)
    )
    row = clean(raw, "lt30").collect().row(0, named=True)
    assert (row["num_medications"], row["discharge_code"]) == (81.0, "1")
    assert clean(raw.with_columns(pl.lit(11).alias("discharge_disposition_id")), "lt30").collect().is_empty()
