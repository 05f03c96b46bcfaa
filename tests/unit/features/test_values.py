"""How a text of the CSV and a value of a request become the model's, and which are refused."""

import math

import pytest

from readmission.features import (
    BY_NAME,
    FIELDS,
    MODEL_FIELDS,
    SOURCE_COLUMNS,
    Field,
    FieldError,
)


def test_every_category_of_every_source_column_can_be_read() -> None:
    fields = {field.name: field for field in FIELDS if field.source}
    columns = {column.name: column for column in SOURCE_COLUMNS}
    read = 0
    for field in fields.values():
        column = columns[str(field.source)]
        for category in set(column.categories) - field.excluded:
            value = field.from_source(category)
            assert isinstance(value, float) if field.kind == "number" else value in field.vocabulary
            read += 1
    assert read > 100


def test_none_is_a_category_and_never_missing() -> None:
    for name in ("max_glu_serum", "A1Cresult"):
        assert BY_NAME[name].from_source("None") == "None"
        assert BY_NAME[name].model_value("None") == "None"
        assert BY_NAME[name].missing is None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("race", "?", "Unknown"),
        ("medical_specialty", "?", "missing"),
        ("medical_specialty", "Dentistry", "other"),
        ("payer_code", "?", "missing"),
        ("diag_1", "?", "missing"),
        ("diag_1", "250.83", "complicated_diabetes"),
        ("age", "[0-10)", 5.0),
        ("age", "[90-100)", 95.0),
        ("admission_type_id", "2", "Emergencia"),
        ("admission_type_id", "7", "Centro de Trauma"),
        ("admission_type_id", "6", "missing"),
        ("discharge_disposition_id", "6", "Alta a casa"),
        ("discharge_disposition_id", "3", "Otro"),
        ("discharge_disposition_id", "18", "missing"),
        ("admission_source_id", "1", "Referencia"),
        ("admission_source_id", "7", "Emergencia"),
        ("admission_source_id", "4", "Otro"),
        ("admission_source_id", "17", "missing"),
        ("discharge_code", "22", "22"),
        ("num_medications", "81", 81.0),
    ],
)
def test_source_texts_become_the_models_values(name: str, text: str, value: object) -> None:
    assert BY_NAME[name].from_source(text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gender", "Unknown/Invalid"),
        ("gender", "?"),
        ("age", "65"),
        ("age", "[100-110)"),
        ("admission_type_id", "9"),
        ("admission_source_id", "16"),
        ("discharge_code", "11"),
        ("diag_1", "abc"),
        ("diag_1", "E11.9"),
        ("payer_code", "42"),
        ("change", "Yes"),
        ("time_in_hospital", "15"),
    ],
)
def test_a_source_text_outside_the_contract_is_refused(name: str, text: str) -> None:
    with pytest.raises(FieldError, match=name) as refused:
        BY_NAME[name].from_source(text)
    assert refused.value.field == name


@pytest.mark.parametrize(
    "value",
    [
        -1,
        121,
        65.5,
        math.nan,
        math.inf,
        True,
        10**400,
        "old",
        "3.7",
        "6_5",
        " 65",
        "6\u0665",
        "1e1",
        "9" * 5_000,
        None,
        "",
    ],
    ids=lambda value: repr(value)[:12],
)
def test_a_number_outside_its_range_is_refused_with_what_is_allowed(value: object) -> None:
    with pytest.raises(FieldError, match="from 0 to 120"):
        BY_NAME["age"].model_value(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", [field for field in MODEL_FIELDS if field.kind == "number"], ids=lambda f: f.name)
def test_the_ends_of_each_range_are_allowed_and_one_more_is_not(field: Field) -> None:
    assert field.minimum is not None and field.maximum is not None
    assert [field.model_value(field.minimum), field.model_value(str(field.maximum))] == [field.minimum, field.maximum]
    for outside in (field.minimum - 1, field.maximum + 1):
        with pytest.raises(FieldError):
            field.model_value(outside)


@pytest.mark.parametrize(("value", "number"), [(3, 3.0), (3.0, 3.0), ("3", 3.0), ("3.0", 3.0), ("03", 3.0)])
def test_a_whole_number_may_come_as_text_and_with_a_point(value: str | float, number: float) -> None:
    assert BY_NAME["time_in_hospital"].model_value(value) == number


@pytest.mark.parametrize("field", [field for field in FIELDS if field.groups], ids=lambda field: field.name)
@pytest.mark.parametrize("code", [1, "1", 1.0, 99, "3"])
def test_a_raw_code_in_a_group_field_is_pointed_to_the_codes_own_field(field: Field, code: str | float) -> None:
    raw_code = next(other.name for other in FIELDS if other.decides == field.name)
    with pytest.raises(FieldError) as refused:
        field.model_value(code)
    assert refused.value.reason.startswith(f"{code!r} is a raw code: send it as {raw_code}, or here one of ")
    assert field.raw_code == raw_code


def test_a_refused_value_is_quoted_short_and_printable() -> None:
    for value in ("x" * 9_000, "\x1b[31m", "\ud800"):
        with pytest.raises(FieldError) as refused:
            BY_NAME["gender"].model_value(value)
        assert refused.value.reason.isprintable() and len(refused.value.reason) < 200
