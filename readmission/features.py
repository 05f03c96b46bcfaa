"""The feature contract: each field of an encounter, declared once.

Cleaning, the model's signature, the request schema, the form and the docs derive from `FIELDS`; the
check of a CSV and `RAW_DATA.initial_data` derive from `SOURCE_COLUMNS`. Which columns the model uses is
declared here too, never found in the data, so that any file gives the same signature.

Units: `age` in years, `time_in_hospital` in days, counts in events. Source: UCI repository id 296.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

from readmission import codes
from readmission.codes import DEATH_OR_HOSPICE, MISSING, OTHER
from readmission.source_columns import SOURCE_COLUMNS, SourceColumn, read_integer
from readmission.texts import CATEGORY_TEXTS, FIELD_TEXTS, Text, Texts

__all__ = [
    "CONTRACT_VERSION",
    "DEATH_OR_HOSPICE",
    "FIELDS",
    "SOURCE_COLUMNS",
    "Field",
    "FieldError",
    "SourceColumn",
    "Text",
]

CONTRACT_VERSION = "1"
MISSING_MARK = "?"
ENCOUNTER_REF_LENGTH = 64

Kind = Literal["number", "category", "icd9", "reference"]
Value = str | float | None
Meaning = TypeVar("Meaning", str, int)


class FieldError(ValueError):
    """A value that the contract refuses; says the field and what it allows."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: its type, what it allows, where it comes from and whether the model uses it.

    A closed category refuses what is not in `categories`; an open one (`other` set) counts it as `other`.
    `missing` is the category of a value that is not known, and is a category of its own.
    """

    name: str
    kind: Kind
    source: str | None = None
    default: str | int | None = None
    minimum: int | None = None
    maximum: int | None = None
    categories: tuple[str, ...] = ()
    missing: str | None = None
    other: str | None = None
    groups: Mapping[str, str] | None = None
    optional: bool = False
    model: bool = True

    @property
    def texts(self) -> Texts:
        """What a person reads of this field, in Spanish and English."""
        return FIELD_TEXTS[self.name]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Every category the model can meet, in the order of its one-hot columns."""
        known = codes.ICD9_GROUPS if self.kind == "icd9" else self.categories
        extra = (value for value in (self.other, self.missing) if value is not None and value not in known)
        return (*known, *extra)

    @property
    def allowed(self) -> str:
        """What a request may hold, in words."""
        if self.kind == "number":
            return f"a whole number from {self.minimum} to {self.maximum}"
        if self.kind == "icd9":
            return "an ICD-9 code such as 250.83, 428 or V57"
        if self.kind == "reference":
            return f"up to {ENCOUNTER_REF_LENGTH} characters"
        known = ", ".join(self.vocabulary)
        return f"any text (known: {known})" if self.other else f"one of {known}"

    def category_text(self, category: str) -> Text:
        """The words for one of the field's categories."""
        return CATEGORY_TEXTS.get(category, Text(es=category, en=category))

    def from_source(self, text: str) -> str | float:
        """The model's value for the CSV's text: `?` becomes the missing category, codes their group.

        Raises:
            FieldError: the text is not what the source column allows.
        """
        if text == MISSING_MARK and self.missing is not None:
            return self.missing
        if self.groups is not None:
            return _meaning(self.groups, text, self.name)
        if self.name == "age":
            return float(_meaning(codes.AGE_MIDPOINTS, text, self.name))
        return self.model_value(text)

    def model_value(self, value: Value) -> str | float:
        """The model's value for a request's value: blank becomes the missing category, ICD-9 its group.

        Raises:
            FieldError: the contract does not allow the value.
        """
        if value is None or value == "":
            if self.missing is None:
                raise FieldError(self.name, f"is required: {self.allowed}")
            return self.missing
        if self.kind == "number":
            return self._number(value)
        text = str(value)
        if self.kind == "icd9":
            return self._icd9(text)
        if text in self.vocabulary:
            return text
        if self.other is None:
            raise FieldError(self.name, f"{text!r} is not allowed; send {self.allowed}")
        return self.other

    def _number(self, value: str | float) -> float:
        number = read_integer(value)
        assert self.minimum is not None and self.maximum is not None
        if number is None or not self.minimum <= number <= self.maximum:
            raise FieldError(self.name, f"{value!r} is not allowed; send {self.allowed}")
        return float(number)

    def _icd9(self, text: str) -> str:
        if text == self.missing:
            return text
        try:
            return codes.icd9_group(text)
        except ValueError as error:
            raise FieldError(self.name, str(error)) from error


def _meaning(meanings: Mapping[str, Meaning], text: str, field: str) -> Meaning:
    if text not in meanings:
        raise FieldError(field, f"{text!r} is unknown; known: {', '.join(meanings)}")
    return meanings[text]


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


class _CodedGroup(NamedTuple):
    code: str
    group: str


_CODED_GROUPS = (
    _CodedGroup("discharge_code", "discharge_disposition_id"),
    _CodedGroup("admission_type_code", "admission_type_id"),
    _CodedGroup("admission_source_code", "admission_source_id"),
)


def complete_request(sent: Mapping[str, Value]) -> dict[str, Value]:
    """A whole request from the fields that were sent: defaults filled in, groups taken from raw codes.

    Raises:
        FieldError: a raw code was sent together with another group than its own.
    """
    whole: dict[str, Value] = {field.name: sent.get(field.name, field.default) for field in FIELDS}
    for code_name, group_name in _CODED_GROUPS:
        code = whole[code_name]
        groups = BY_NAME[group_name].groups
        if code in (None, "", MISSING) or groups is None or str(code) not in groups:
            continue
        group = groups[str(code)]
        if sent.get(group_name) not in (None, "", group):
            reason = f"{sent[group_name]!r} contradicts {code_name} {code!r}, which means {group!r}; send one of them"
            raise FieldError(group_name, reason)
        whole[group_name] = group
    return whole


def model_row(request: Mapping[str, Value]) -> dict[str, str | float]:
    """The model's inputs (one value a model field, in contract order) for a whole request.

    Raises:
        FieldError: the contract does not allow a value.
    """
    return {field.name: field.model_value(request.get(field.name)) for field in MODEL_FIELDS}
