"""The feature contract as everybody imports it: what is not named here is the package's own."""

from readmission.features.codes import DEATH_OR_HOSPICE
from readmission.features.contract import (
    BY_NAME,
    CATEGORIES,
    CONTRACT_VERSION,
    DIAGNOSES,
    FIELDS,
    HISTORY_CATEGORIES,
    HISTORY_NUMBERS,
    INCREASING,
    MODEL_FIELDS,
    NUMBERS,
    OPTIONAL_FIELDS,
    ORIGINAL_FIELDS,
    PREPARED_FIELDS,
    SERVED_CONTRACTS,
)
from readmission.features.field import (
    ENCOUNTER_REF_LENGTH,
    MISSING_MARK,
    OPEN_ALLOWED,
    Field,
    FieldError,
    Kind,
    Value,
    shown,
)
from readmission.features.icd9 import ICD9_PATTERN, STRACK_GROUPS
from readmission.features.labels import Texts
from readmission.features.request import DecidedGroup, complete_request, decided_groups, model_row
from readmission.features.source_columns import (
    COLUMN_NAMES,
    NOT_READMITTED,
    SOURCE_COLUMNS,
    SYNTHETIC_FIRST_ID,
    TARGET_COLUMN,
    TEXT_LENGTH,
    SourceColumn,
    read_integer,
)
from readmission.features.spelling import MISSING_WORDS, essence, is_missing
from readmission.features.text import Text

__all__ = [
    "BY_NAME",
    "CATEGORIES",
    "COLUMN_NAMES",
    "CONTRACT_VERSION",
    "DEATH_OR_HOSPICE",
    "DIAGNOSES",
    "ENCOUNTER_REF_LENGTH",
    "FIELDS",
    "HISTORY_CATEGORIES",
    "HISTORY_NUMBERS",
    "ICD9_PATTERN",
    "INCREASING",
    "MISSING_MARK",
    "MISSING_WORDS",
    "MODEL_FIELDS",
    "NOT_READMITTED",
    "NUMBERS",
    "OPEN_ALLOWED",
    "OPTIONAL_FIELDS",
    "ORIGINAL_FIELDS",
    "PREPARED_FIELDS",
    "SERVED_CONTRACTS",
    "SOURCE_COLUMNS",
    "STRACK_GROUPS",
    "SYNTHETIC_FIRST_ID",
    "TARGET_COLUMN",
    "TEXT_LENGTH",
    "DecidedGroup",
    "Field",
    "FieldError",
    "Kind",
    "SourceColumn",
    "Text",
    "Texts",
    "Value",
    "complete_request",
    "decided_groups",
    "essence",
    "is_missing",
    "model_row",
    "read_integer",
    "shown",
]
