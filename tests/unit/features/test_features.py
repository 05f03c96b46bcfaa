"""The contract: fields, defaults, vocabularies, and how a request becomes the model's row."""

import math

import pytest

from readmission.features import (
    BY_NAME,
    CATEGORIES,
    FIELDS,
    MODEL_FIELDS,
    NUMBERS,
    OPTIONAL_FIELDS,
    ORIGINAL_FIELDS,
    SOURCE_COLUMNS,
    Field,
    FieldError,
    complete_request,
    model_row,
)
from readmission.features.code_words import BY_FIELD
from readmission.features.labels import CATEGORY_TEXTS

ORIGINAL = {
    "race": "Caucasian",
    "gender": "Female",
    "age": 65,
    "time_in_hospital": 3,
    "num_lab_procedures": 44,
    "num_procedures": 0,
    "num_medications": 13,
    "number_outpatient": 0,
    "number_emergency": 0,
    "number_inpatient": 0,
    "number_diagnoses": 9,
    "max_glu_serum": "None",
    "A1Cresult": "None",
    "change": "No",
    "diabetesMed": "Yes",
    "admission_type_id": "Emergencia",
    "discharge_disposition_id": "Alta a casa",
    "admission_source_id": "Referencia",
    "examide": "No",
    "citoglipton": "No",
}
# Their categories are codes and names, which are shown as they are.
DOSES = ("No", "Steady", "Up", "Down")
VOCABULARIES = {
    "race": ("Caucasian", "AfricanAmerican", "Hispanic", "Asian", "Other", "Unknown"),
    "gender": ("Female", "Male"),
    "max_glu_serum": ("None", "Norm", ">200", ">300"),
    "A1Cresult": ("None", "Norm", ">7", ">8"),
    "change": ("No", "Ch"),
    "diabetesMed": ("Yes", "No"),
    "admission_type_id": ("Emergencia", "Electiva", "Recién Nacido", "Centro de Trauma", "missing"),
    "discharge_disposition_id": ("Alta a casa", "Otro", "missing"),
    "admission_source_id": ("Referencia", "Emergencia", "Otro", "missing"),
    "examide": DOSES,
    "citoglipton": DOSES,
    "insulin": (*DOSES, "missing"),
    "discharge_code": (*map(str, [*range(1, 11), 12, 15, 16, 17, 18, *range(22, 31)]), "missing"),
    "admission_type_code": (*map(str, range(1, 9)), "missing"),
    "admission_source_code": (*map(str, [*range(1, 16), *range(17, 27)]), "missing"),
    "diag_1": (
        "circulatory", "respiratory", "digestive", "diabetes", "injury", "musculoskeletal", "genitourinary",
        "neoplasms", "other", "missing",
    ),
}  # fmt: skip


def test_the_twenty_original_fields_keep_their_names_order_and_defaults() -> None:
    assert {field.name: field.default for field in ORIGINAL_FIELDS} == ORIGINAL
    assert [field.name for field in ORIGINAL_FIELDS] == list(ORIGINAL)
    assert all(type(ORIGINAL[field.name]) is type(field.default) for field in ORIGINAL_FIELDS)


def test_optional_fields_are_blank_unless_sent() -> None:
    assert len(ORIGINAL_FIELDS) + len(OPTIONAL_FIELDS) == len(FIELDS) == len(BY_NAME)
    assert {field.default for field in OPTIONAL_FIELDS} == {None}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_each_vocabulary_is_pinned(name: str) -> None:
    assert BY_NAME[name].vocabulary == VOCABULARIES[name]


def test_the_model_does_not_use_race_nor_columns_of_one_value() -> None:
    unused = {field.name for field in FIELDS if not field.model}
    assert {"race", "examide", "citoglipton", "encounter_ref"} < unused
    assert (*NUMBERS, *CATEGORIES) == tuple(
        field.name for kind in ("number", "") for field in MODEL_FIELDS if (field.kind == "number") == bool(kind)
    )
    assert len(NUMBERS) == 9


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_each_field_and_category_has_words_in_both_languages(field: Field) -> None:
    assert all(word.strip() for word in (*field.texts.label, *field.texts.help))
    assert field.texts.help.es != field.texts.help.en
    if field.kind == "category":
        worded = {value for value in field.vocabulary if not value.startswith(">")}
        assert worded <= {*CATEGORY_TEXTS, *BY_FIELD.get(field.name, {})}
        assert all(word.strip() for value in worded for word in field.category_text(value))


def test_words_for_a_category_differ_from_its_code_where_a_clinician_reads_them() -> None:
    assert BY_NAME["change"].category_text("Ch") == ("Sí", "Yes")
    assert BY_NAME["max_glu_serum"].category_text("None") == ("No medido", "Not measured")
    assert BY_NAME["race"].category_text("Unknown") == ("Desconocido", "Unknown")
    assert BY_NAME["payer_code"].category_text("MC") == ("MC · Medicare", "MC · Medicare")
    assert BY_NAME["discharge_code"].category_text("1") == ("1 · A su casa", "1 · Home")
    assert BY_NAME["admission_type_code"].category_text("1") == ("1 · Emergencia", "1 · Emergency")
    assert BY_NAME["medical_specialty"].category_text("Surgery-Neuro") == ("Neurocirugía", "Neurosurgery")


def test_every_code_of_the_data_set_has_words_and_only_those() -> None:
    for name, words in BY_FIELD.items():
        column = next((found for found in SOURCE_COLUMNS if found.name == BY_NAME[name].source), None)
        known = column.codes if column and column.codes else BY_NAME[name].categories
        assert set(words) == set(known), name


def test_no_words_promise_what_nothing_does() -> None:
    """Race measures nothing yet."""
    told = " ".join((*BY_NAME["race"].texts.help, *BY_NAME["race"].texts.label)).lower()
    assert "equidad" not in told and "fairness" not in told


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
        ("diag_1", "250.83", "diabetes"),
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


def test_an_empty_request_is_complete_with_the_defaults() -> None:
    whole = complete_request({})
    assert list(whole) == [field.name for field in FIELDS]
    assert {name: whole[name] for name in ORIGINAL} == ORIGINAL
    assert {whole[field.name] for field in OPTIONAL_FIELDS} == {None}


def test_the_model_row_has_each_model_field_in_order_and_blanks_as_missing() -> None:
    row = model_row(complete_request({"age": "70", "diag_1": "V57", "medical_specialty": "Dentistry"}))
    assert list(row) == [field.name for field in MODEL_FIELDS]
    assert (row["age"], row["diag_1"], row["medical_specialty"]) == (70.0, "other", "other")
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


def test_what_a_code_decides_is_a_field_that_groups_the_codes_own_column() -> None:
    deciding = [field for field in FIELDS if field.decides]
    assert len(deciding) == 3
    for field in deciding:
        group = BY_NAME[str(field.decides)]
        assert group.groups is not None and set(field.categories) <= set(group.groups)
        assert group.source == field.source


def test_a_group_that_contradicts_its_code_is_refused() -> None:
    with pytest.raises(FieldError, match="contradicts discharge_code '22'") as refused:
        complete_request({"discharge_code": "22", "discharge_disposition_id": "Alta a casa"})
    assert refused.value.field == "discharge_disposition_id"


def test_a_blank_code_leaves_the_group_that_was_sent() -> None:
    for blank in (None, "", "missing"):
        whole = complete_request({"discharge_code": blank, "discharge_disposition_id": "Otro"})
        assert whole["discharge_disposition_id"] == "Otro"


def test_a_code_of_death_or_hospice_is_refused_by_the_model_row() -> None:
    with pytest.raises(FieldError, match="discharge_code"):
        model_row(complete_request({"discharge_code": "11"}))
