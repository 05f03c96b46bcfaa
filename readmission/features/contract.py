"""The feature contract: each field of an encounter, declared once.

Cleaning, the model's signature, the request schema, the form and the docs derive from `FIELDS`; the
check of a CSV and `RAW_DATA.initial_data` derive from `SOURCE_COLUMNS`. A field has the range or the categories of
its source column; it states its own only where it differs. Which columns the model uses is declared here too, never
found in the data, so that any file gives the same signature. Of a patient's history the file has no column: it is made
of the patient's earlier encounters, for versions that are trained with it.

Units: `age` in years, `time_in_hospital` in days, counts in events. Source: UCI repository id 296.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from readmission.features import codes
from readmission.features.codes import DEATH_OR_HOSPICE, MISSING, OTHER
from readmission.features.field import MISSING_MARK, Field, Kind
from readmission.features.source_columns import MEDICATIONS, READMITTED, SOURCE_COLUMNS, SourceColumn

CONTRACT_VERSION = "2"
# The present one and the one before: a version that was trained under it answers until its successor is promoted.
SERVED_CONTRACTS = (CONTRACT_VERSION, str(int(CONTRACT_VERSION) - 1))


def _count(name: str, default: int, *, increasing: bool = False) -> Field:
    return Field(name=name, kind="number", source=name, default=default, increasing=increasing)


def _category(name: str, default: str, *, model: bool = True) -> Field:
    return Field(name=name, kind="category", source=name, default=default, model=model)


def _group(name: str, default: str, groups: Mapping[str, str], raw_code: str) -> Field:
    return Field(
        name=name, kind="category", source=name, default=default, missing=MISSING, groups=groups, raw_code=raw_code
    )


def _code(name: str, decides: str, *, excluded: frozenset[str] = frozenset()) -> Field:
    """A raw code: its column is the one that the group is read from."""
    return Field(
        name=name,
        kind="category",
        source=decides,
        decides=decides,
        excluded=excluded,
        missing=MISSING,
        optional=True,
    )


def _open(name: str, categories: tuple[str, ...]) -> Field:
    return Field(
        name=name, kind="category", source=name, categories=categories, other=OTHER, missing=MISSING, optional=True
    )


def _medication(column: str, *, model: bool) -> Field:
    return Field(
        name=column.replace("-", "_"), kind="category", source=column, missing=MISSING, optional=True, model=model
    )


def _history(name: str, *, maximum: int, blank: float, model: bool = True) -> Field:
    """A number of the patient's record: the source has no column of it."""
    return Field(
        name=name, kind="number", minimum=0, maximum=maximum, blank=blank, optional=True, model=model, history=True
    )


# No encounter has them: among the original fields, no use to a forest.
_UNUSED_MEDICATIONS = ("examide", "citoglipton")
# Taken in fewer than 100 of the 101,766 encounters: accepted and logged, no use to a forest.
_RARE_MEDICATIONS = (
    "chlorpropamide", "acetohexamide", "tolbutamide", "miglitol", "troglitazone", "tolazamide",
    "glipizide-metformin", "glimepiride-pioglitazone", "metformin-rosiglitazone", "metformin-pioglitazone",
)  # fmt: skip

# What is decided at discharge; a count of what was done during the stay is past by then.
_CHANGEABLE = ("discharge_disposition_id", "discharge_code", "change", "diabetesMed", "insulin", "metformin")

_DECLARED: tuple[Field, ...] = (
    Field(name="race", kind="category", source="race", default="Caucasian", missing="Unknown", model=False),
    Field(name="gender", kind="category", source="gender", default="Female", excluded=frozenset({"Unknown/Invalid"})),
    # The source has age groups; a request has the age itself.
    Field(name="age", kind="number", source="age", default=65, minimum=0, maximum=120),
    _count("time_in_hospital", 3),
    _count("num_lab_procedures", 44),
    _count("num_procedures", 0),
    _count("num_medications", 13),
    _count("number_outpatient", 0),
    _count("number_emergency", 0),
    _count("number_inpatient", 0, increasing=True),
    _count("number_diagnoses", 9),
    _category("max_glu_serum", "None"),
    _category("A1Cresult", "None"),
    _category("change", "No"),
    _category("diabetesMed", "Yes"),
    _group("admission_type_id", "Emergencia", codes.ADMISSION_TYPE_GROUPS, "admission_type_code"),
    _group("discharge_disposition_id", "Alta a casa", codes.DISCHARGE_GROUPS, "discharge_code"),
    _group("admission_source_id", "Referencia", codes.ADMISSION_SOURCE_GROUPS, "admission_source_code"),
    *(_category(name, "No", model=False) for name in _UNUSED_MEDICATIONS),
    _code("discharge_code", "discharge_disposition_id", excluded=DEATH_OR_HOSPICE),
    _code("admission_type_code", "admission_type_id"),
    _code("admission_source_code", "admission_source_id"),
    *(
        Field(name=name, kind="icd9", source=name, missing=MISSING, optional=True)
        for name in ("diag_1", "diag_2", "diag_3")
    ),
    _open("medical_specialty", codes.SPECIALTIES),
    _open("payer_code", codes.PAYERS),
    *(
        _medication(column, model=True)
        for column in MEDICATIONS
        if column not in (*_UNUSED_MEDICATIONS, *_RARE_MEDICATIONS)
    ),
    *(_medication(column, model=False) for column in _RARE_MEDICATIONS),
    _history("previous_stays", maximum=150, blank=0.0),
    Field(
        name="previous_readmitted",
        kind="category",
        categories=READMITTED,
        missing=MISSING,
        optional=True,
        history=True,
    ),
    # The data set has no dates to make it of: accepted and logged until there is one that has.
    _history("days_since_previous_stay", maximum=36_500, blank=math.nan, model=False),
    Field(name="encounter_ref", kind="reference", optional=True, model=False),
)


def _completed(field: Field) -> Field:
    """The field with what its source column states of it, unless it states that itself."""
    if field.source is None or field.categories or field.maximum is not None:
        return field
    column = _SOURCE[field.source]
    if field.kind == "number":
        return replace(field, minimum=column.minimum, maximum=column.maximum)
    if field.kind == "category":
        return replace(field, categories=_categories(field, column))
    return field


def _categories(field: Field, column: SourceColumn) -> tuple[str, ...]:
    if field.groups is not None:
        return tuple(group for group in dict.fromkeys(field.groups.values()) if group != field.missing)
    left_out = {MISSING_MARK, *field.excluded}
    return tuple(value for value in column.codes or column.categories if value not in left_out)


_SOURCE = {column.name: column for column in SOURCE_COLUMNS}
FIELDS = tuple(replace(_completed(field), changeable=field.name in _CHANGEABLE) for field in _DECLARED)


def _inputs(history: bool, *kinds: Kind) -> tuple[str, ...]:
    return tuple(field.name for field in FIELDS if field.model and field.history == history and field.kind in kinds)


BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
ORIGINAL_FIELDS = tuple(field for field in FIELDS if not field.optional)
OPTIONAL_FIELDS = tuple(field for field in FIELDS if field.optional)
MODEL_FIELDS = tuple(field for field in FIELDS if field.model)
# What every version uses, and what those use besides that were trained with history.
NUMBERS, HISTORY_NUMBERS = (_inputs(history, "number") for history in (False, True))
CATEGORIES, HISTORY_CATEGORIES = (_inputs(history, "category", "icd9") for history in (False, True))
DIAGNOSES = tuple(field.name for field in MODEL_FIELDS if field.kind == "icd9")
INCREASING = tuple(field.name for field in MODEL_FIELDS if field.increasing)
PREPARED_FIELDS = tuple(field for field in FIELDS if field.source is not None or (field.history and field.model))
