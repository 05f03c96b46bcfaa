"""What a request may hold, field by field, is what the contract says."""

from typing import Any

import pytest
from pydantic import ValidationError

from app_back.request_model import ORIGINAL_EXAMPLE, RICH_EXAMPLE, PredictionRequest
from readmission.features import (
    BY_NAME,
    DEATH_OR_HOSPICE,
    FIELDS,
    NUMBERS,
    OPTIONAL_FIELDS,
    ORIGINAL_FIELDS,
    complete_request,
    model_row,
)


def sent(body: dict[str, Any]) -> dict[str, Any]:
    return PredictionRequest.model_validate(body).sent()


def refused(body: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        sent(body)
    return {str(error["loc"][0]): error["type"] for error in caught.value.errors()}


def test_the_schema_has_the_fields_of_the_contract_with_their_defaults() -> None:
    schema = PredictionRequest.model_json_schema()
    assert list(schema["properties"]) == [field.name for field in FIELDS]
    assert {name: found["default"] for name, found in schema["properties"].items()} == {
        field.name: field.default for field in FIELDS
    }
    assert "required" not in schema
    assert schema["additionalProperties"] is False


def test_every_field_is_described_in_english() -> None:
    for name, found in PredictionRequest.model_json_schema()["properties"].items():
        assert found["title"] == BY_NAME[name].texts.label.en
        assert found["description"].startswith(BY_NAME[name].texts.help.en)


def test_the_20_original_fields_at_their_defaults_are_accepted_as_they_are() -> None:
    assert len(ORIGINAL_EXAMPLE) == 20
    assert sent(ORIGINAL_EXAMPLE) == ORIGINAL_EXAMPLE
    assert complete_request(sent({})) == complete_request(ORIGINAL_EXAMPLE)


def test_the_rich_example_is_accepted() -> None:
    assert sent(RICH_EXAMPLE) == RICH_EXAMPLE | {"discharge_code": "6"}


@pytest.mark.parametrize("field", [field for field in FIELDS if field.kind == "category"], ids=lambda field: field.name)
def test_every_category_is_accepted_and_can_be_scored(field: Any) -> None:
    for category in field.vocabulary:
        assert sent({field.name: category}) == {field.name: category}
        row = model_row(complete_request(sent({field.name: category})))
        assert row.get(field.name, category) == category


@pytest.mark.parametrize(
    "field", [f for f in FIELDS if f.kind == "category" and f.other is None], ids=lambda field: field.name
)
def test_what_is_no_category_is_refused(field: Any) -> None:
    for bad in ("nonsense", field.vocabulary[0] + " ", True, 1.5, ["No"]):
        assert list(refused({field.name: bad})) == [field.name]


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_whole_and_within_their_range(name: str) -> None:
    field = BY_NAME[name]
    assert field.minimum is not None and field.maximum is not None
    for good in (field.minimum, field.maximum, float(field.maximum)):
        accepted = sent({name: good})[name]
        assert accepted == good and type(accepted) is int
    low, high = field.minimum - 1, field.maximum + 1
    for bad in (low, high, 2.5, True, "3", None, float("nan"), float("inf"), [3]):
        assert list(refused({name: bad})) == [name], bad


@pytest.mark.parametrize("name", [field.name for field in FIELDS if field.decides])
def test_codes_are_numbers_or_text(name: str) -> None:
    for value in (3, "3", 3.0):
        assert sent({name: value}) == {name: "3"}
    for bad in (0, 99, "03", True, 3.5):
        assert list(refused({name: bad})) == [name], bad


@pytest.mark.parametrize("code", sorted(DEATH_OR_HOSPICE))
@pytest.mark.parametrize("as_sent", [int, str])
def test_death_and_hospice_cannot_be_readmitted(code: str, as_sent: type) -> None:
    assert refused({"discharge_code": as_sent(code)}) == {"discharge_code": "cannot_be_readmitted"}


@pytest.mark.parametrize("name", ["diag_1", "diag_2", "diag_3"])
def test_diagnoses_are_icd9_codes(name: str) -> None:
    for value, kept in (("250.83", "250.83"), ("V57", "V57"), (428, "428"), (250.83, "250.83"), ("missing", "missing")):
        assert sent({name: value}) == {name: kept}
    for bad in ("diabetes", "250.834", "1" * 17, True, ["428"]):
        assert list(refused({name: bad})) == [name], bad


@pytest.mark.parametrize("name", ["medical_specialty", "payer_code"])
def test_open_categories_take_any_short_text(name: str) -> None:
    assert sent({name: "Dermatology"}) == {name: "Dermatology"}
    assert model_row(complete_request({name: "Dermatology"}))[name] == "other"
    assert list(refused({name: "x" * 65})) == [name]
    assert list(refused({name: 7})) == [name]


def test_an_encounter_reference_has_up_to_64_characters() -> None:
    assert sent({"encounter_ref": "x" * 64}) == {"encounter_ref": "x" * 64}
    assert refused({"encounter_ref": "x" * 65}) == {"encounter_ref": "string_too_long"}


@pytest.mark.parametrize("bad", ["a\x00b", "a\nb", "\x1b[31m", "a\u202eb", "a\u200bb", "a\u2028b", "\ue000"])
def test_an_encounter_reference_has_no_control_characters(bad: str) -> None:
    with pytest.raises(ValidationError) as caught:
        sent({"encounter_ref": bad})
    (error,) = caught.value.errors()
    told = error["ctx"]["error"].reason
    assert told == f"{bad!r} is not allowed; send up to 64 printable characters" and told.isprintable()


def test_half_a_character_is_no_encounter_reference() -> None:
    assert refused({"encounter_ref": "a\ud800"}) == {"encounter_ref": "string_unicode"}


def test_an_encounter_reference_may_have_any_letters_and_spaces() -> None:
    for reference in ("planta-7/ñ 22", "病棟\u30007", "a\u00a0b", "\N{PILE OF POO}"):
        assert sent({"encounter_ref": reference}) == {"encounter_ref": reference}


@pytest.mark.parametrize("field", OPTIONAL_FIELDS, ids=lambda field: field.name)
@pytest.mark.parametrize("blank", [None, ""])
def test_optional_fields_may_be_blank(field: Any, blank: str | None) -> None:
    assert sent({field.name: blank}) == {field.name: None}


def test_an_original_field_is_blank_only_where_the_contract_has_a_missing_category() -> None:
    may_be_blank = {field.name for field in ORIGINAL_FIELDS if field.missing is not None}
    assert {"race", "admission_type_id"} <= may_be_blank
    for field in ORIGINAL_FIELDS:
        if field.name in may_be_blank:
            assert sent({field.name: None}) == {field.name: None}
        else:
            assert list(refused({field.name: None})) == [field.name]


def test_an_unknown_field_is_refused() -> None:
    assert refused({"patient_nbr": 1}) == {"patient_nbr": "extra_forbidden"}
