"""The contract: fields, their order and defaults, vocabularies, and the words that people read."""

import pandas as pd
import pytest

from readmission.features import (
    BY_NAME,
    CATEGORIES,
    FIELDS,
    HISTORY_CATEGORIES,
    HISTORY_NUMBERS,
    MODEL_FIELDS,
    NUMBERS,
    OPTIONAL_FIELDS,
    ORIGINAL_FIELDS,
    PREPARED_FIELDS,
    SOURCE_COLUMNS,
    Field,
)
from readmission.features.code_words import BY_FIELD
from readmission.features.labels import CATEGORY_TEXTS
from readmission.model.groups import groups_of
from tests.unit.features.original import ORIGINAL

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
    "previous_readmitted": (">30", "<30", "missing"),
    "discharge_code": (*map(str, [*range(1, 11), 12, 15, 16, 17, 18, *range(22, 31)]), "missing"),
    "admission_type_code": (*map(str, range(1, 9)), "missing"),
    "admission_source_code": (*map(str, [*range(1, 16), *range(17, 27)]), "missing"),
    "diag_1": (
        "acute_diabetes", "complicated_diabetes", "heart_failure", "valvular_disease", "hypertension",
        "complicated_hypertension", "ischaemic_heart", "pulmonary_circulation", "arrhythmia", "stroke",
        "peripheral_vascular", "pneumonia", "obstructive_lung", "respiratory_failure", "chest_pain", "liver",
        "pancreas", "fracture", "complication_of_care", "bone_infection", "acute_kidney_failure",
        "chronic_kidney_failure", "urinary_infection", "metastasis", "sepsis", "thyroid", "weight_loss",
        "fluid_and_electrolytes", "obesity", "anaemia", "coagulation", "alcohol_and_drugs", "psychosis",
        "depression_and_anxiety", "nervous_system", "skin_infection", "skin_ulcer", "general_symptoms",
        "transplant_or_device", "rehabilitation", "aftercare", "circulatory", "respiratory", "digestive", "diabetes",
        "injury", "musculoskeletal", "genitourinary", "neoplasms", "other", "missing",
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
    every = [field for field in MODEL_FIELDS if not field.history]
    assert (*NUMBERS, *CATEGORIES) == tuple(
        field.name for kind in ("number", "") for field in every if (field.kind == "number") == bool(kind)
    )
    assert (len(NUMBERS), len(CATEGORIES)) == (9, 27)


def test_of_history_a_model_may_use_two_fields_and_the_days_are_logged_alone() -> None:
    assert (HISTORY_NUMBERS, HISTORY_CATEGORIES) == (("previous_stays",), ("previous_readmitted",))
    assert {field.name for field in FIELDS if field.history and not field.model} == {"days_since_previous_stay"}
    assert {field.name for field in PREPARED_FIELDS if field.source is None} == {*HISTORY_NUMBERS, *HISTORY_CATEGORIES}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_each_field_and_category_has_words_in_both_languages(field: Field) -> None:
    assert all(word.strip() for word in (*field.texts.label, *field.texts.help))
    assert field.texts.help.es != field.texts.help.en
    if field.kind in ("category", "icd9"):
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
        field = BY_NAME[name]
        known = column.codes if column and column.codes else field.categories or field.vocabulary
        assert set(words) == set(known), name


def test_no_words_promise_what_nothing_does() -> None:
    """Race is no input of the model, and groups are measured by it."""
    told = BY_NAME["race"].texts.help
    assert "para medir" in told.es and "to measure" in told.en
    rows = pd.DataFrame({"race": ["Caucasian", "Asian"], "gender": "Female", "age": 60})
    assert not BY_NAME["race"].model
    assert groups_of(rows)["race other"].tolist() == [False, True]


def test_what_a_code_decides_is_a_field_that_groups_the_codes_own_column() -> None:
    deciding = [field for field in FIELDS if field.decides]
    assert len(deciding) == 3
    for field in deciding:
        group = BY_NAME[str(field.decides)]
        assert group.groups is not None and set(field.categories) <= set(group.groups)
        assert group.source == field.source
