"""How a request is completed, and becomes the row that the model sees."""

import pytest

from readmission.features import (
    FIELDS,
    MODEL_FIELDS,
    OPTIONAL_FIELDS,
    FieldError,
    complete_request,
    model_row,
)
from tests.unit.features.original import ORIGINAL


def test_an_empty_request_is_complete_with_the_defaults() -> None:
    whole = complete_request({})
    assert list(whole) == [field.name for field in FIELDS]
    assert {name: whole[name] for name in ORIGINAL} == ORIGINAL
    assert {whole[field.name] for field in OPTIONAL_FIELDS} == {None}


def test_the_model_row_has_each_model_field_in_order_and_blanks_as_missing() -> None:
    row = model_row(complete_request({"age": "70", "diag_1": "V57", "medical_specialty": "Dentistry"}))
    assert list(row) == [field.name for field in MODEL_FIELDS]
    assert (row["age"], row["diag_1"], row["medical_specialty"]) == (70.0, "rehabilitation", "other")
    assert (row["diag_2"], row["insulin"], row["payer_code"], row["discharge_code"]) == ("missing",) * 4
    assert row["max_glu_serum"] == "None"


@pytest.mark.parametrize(
    ("code_name", "code", "group_name", "group"),
    [
        ("discharge_code", "22", "discharge_disposition_id", "Otro"),
        ("discharge_code", "18", "discharge_disposition_id", "missing"),
        ("admission_type_code", "3", "admission_type_id", "Electiva"),
        ("admission_source_code", "7", "admission_source_id", "Emergencia"),
    ],
)
def test_a_raw_code_decides_its_group(code_name: str, code: str, group_name: str, group: str) -> None:
    for sent in ({}, {group_name: None}, {group_name: ""}, {group_name: group}):
        assert complete_request({**sent, code_name: code})[group_name] == group


def test_a_group_that_contradicts_its_code_is_refused() -> None:
    with pytest.raises(FieldError, match="contradicts discharge_code; send one of them") as refused:
        complete_request({"discharge_code": "22", "discharge_disposition_id": "Alta a casa"})
    assert refused.value.field == "discharge_disposition_id"
    assert refused.value.reason.startswith("'Alta a casa' contradicts discharge_code '22', which means 'Otro'")


def test_a_blank_code_leaves_the_group_that_was_sent() -> None:
    for blank in (None, "", "missing"):
        whole = complete_request({"discharge_code": blank, "discharge_disposition_id": "Otro"})
        assert whole["discharge_disposition_id"] == "Otro"


def test_a_code_of_death_or_hospice_is_refused_by_the_model_row() -> None:
    with pytest.raises(FieldError, match="discharge_code"):
        model_row(complete_request({"discharge_code": "11"}))
