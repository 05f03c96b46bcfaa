"""The feature contract: each field of an encounter, declared once.

Cleaning, the model's signature, the request schema, the form and the docs derive from `FIELDS`; the
check of a CSV and `RAW_DATA.initial_data` derive from `SOURCE_COLUMNS`. Which columns the model uses is
declared here too, never found in the data, so that any file gives the same signature.

Units: `age` in years, `time_in_hospital` in days, counts in events. Source: UCI repository id 296.
"""

from collections.abc import Mapping

from readmission.features import codes
from readmission.features.codes import DEATH_OR_HOSPICE, MISSING, OTHER
from readmission.features.field import Field

CONTRACT_VERSION = "1"


def _count(name: str, default: int, low: int, high: int) -> Field:
    return Field(name=name, kind="number", source=name, default=default, minimum=low, maximum=high)


def _medication(column: str, *, model: bool) -> Field:
    return Field(
        name=column.replace("-", "_"),
        kind="category",
        source=column,
        categories=codes.MEDICATION_DOSES,
        missing=MISSING,
        optional=True,
        model=model,
    )


def _code(name: str, source: str, categories: tuple[str, ...]) -> Field:
    return Field(name=name, kind="category", source=source, categories=categories, missing=MISSING, optional=True)


def _grouped(name: str, default: str, categories: tuple[str, ...], groups: Mapping[str, str]) -> Field:
    return Field(
        name=name,
        kind="category",
        source=name,
        default=default,
        categories=categories,
        missing=MISSING,
        groups=groups,
    )


def _category(name: str, default: str, categories: tuple[str, ...], *, model: bool = True) -> Field:
    return Field(name=name, kind="category", source=name, default=default, categories=categories, model=model)


_MEDICATIONS = (
    "metformin", "repaglinide", "nateglinide", "glimepiride", "glipizide", "glyburide", "pioglitazone",
    "rosiglitazone", "acarbose", "insulin", "glyburide-metformin",
)  # fmt: skip
# Taken in fewer than 100 of the 101,766 encounters: accepted and logged, no use to a forest.
_RARE_MEDICATIONS = (
    "chlorpropamide", "acetohexamide", "tolbutamide", "miglitol", "troglitazone", "tolazamide",
    "glipizide-metformin", "glimepiride-pioglitazone", "metformin-rosiglitazone", "metformin-pioglitazone",
)  # fmt: skip

FIELDS: tuple[Field, ...] = (
    Field(
        name="race",
        kind="category",
        source="race",
        default="Caucasian",
        categories=("Caucasian", "AfricanAmerican", "Hispanic", "Asian", "Other"),
        missing="Unknown",
        model=False,
    ),
    _category("gender", "Female", ("Female", "Male")),
    _count("age", 65, 0, 120),
    _count("time_in_hospital", 3, 1, 14),
    _count("num_lab_procedures", 44, 0, 200),
    _count("num_procedures", 0, 0, 20),
    _count("num_medications", 13, 0, 150),
    _count("number_outpatient", 0, 0, 150),
    _count("number_emergency", 0, 0, 150),
    _count("number_inpatient", 0, 0, 150),
    _count("number_diagnoses", 9, 1, 30),
    _category("max_glu_serum", "None", ("None", "Norm", ">200", ">300")),
    _category("A1Cresult", "None", ("None", "Norm", ">7", ">8")),
    _category("change", "No", ("No", "Ch")),
    _category("diabetesMed", "Yes", ("Yes", "No")),
    _grouped(
        "admission_type_id",
        "Emergencia",
        ("Emergencia", "Electiva", "Recién Nacido", "Centro de Trauma"),
        codes.ADMISSION_TYPE_GROUPS,
    ),
    _grouped("discharge_disposition_id", "Alta a casa", ("Alta a casa", "Otro"), codes.DISCHARGE_GROUPS),
    _grouped("admission_source_id", "Referencia", ("Referencia", "Emergencia", "Otro"), codes.ADMISSION_SOURCE_GROUPS),
    _category("examide", "No", codes.MEDICATION_DOSES, model=False),
    _category("citoglipton", "No", codes.MEDICATION_DOSES, model=False),
    _code(
        "discharge_code",
        "discharge_disposition_id",
        tuple(code for code in codes.DISCHARGE_GROUPS if code not in DEATH_OR_HOSPICE),
    ),
    _code("admission_type_code", "admission_type_id", tuple(codes.ADMISSION_TYPE_GROUPS)),
    _code("admission_source_code", "admission_source_id", tuple(codes.ADMISSION_SOURCE_GROUPS)),
    *(
        Field(name=name, kind="icd9", source=name, missing=MISSING, optional=True)
        for name in ("diag_1", "diag_2", "diag_3")
    ),
    Field(
        name="medical_specialty",
        kind="category",
        source="medical_specialty",
        categories=codes.SPECIALTIES,
        other=OTHER,
        missing=MISSING,
        optional=True,
    ),
    Field(
        name="payer_code",
        kind="category",
        source="payer_code",
        categories=codes.PAYERS,
        other=OTHER,
        missing=MISSING,
        optional=True,
    ),
    *(_medication(column, model=True) for column in _MEDICATIONS),
    *(_medication(column, model=False) for column in _RARE_MEDICATIONS),
    Field(name="encounter_ref", kind="reference", optional=True, model=False),
)

BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
ORIGINAL_FIELDS = tuple(field for field in FIELDS if not field.optional)
OPTIONAL_FIELDS = tuple(field for field in FIELDS if field.optional)
MODEL_FIELDS = tuple(field for field in FIELDS if field.model)
NUMBERS = tuple(field.name for field in MODEL_FIELDS if field.kind == "number")
CATEGORIES = tuple(field.name for field in MODEL_FIELDS if field.kind != "number")
PREPARED_FIELDS = tuple(field for field in FIELDS if field.source is not None)
