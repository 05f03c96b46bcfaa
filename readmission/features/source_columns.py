"""The 50 columns of the encounters' CSV, as it is published (UCI repository id 296)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from readmission.features.codes import (
    ADMISSION_SOURCE_GROUPS,
    ADMISSION_TYPE_GROUPS,
    AGE_MIDPOINTS,
    DISCHARGE_GROUPS,
    MEDICATION_DOSES,
)

TEXT_LENGTH = 64
MISSING_MARK = "?"
NOT_TESTED = "None"
# What pandas, R, SQL and Excel write where they read `?` or `None` as a missing value and saved the file again.
EMPTIED = ("", "NA", "<NA>", "N/A", "NaN", "nan", "NULL", "null", r"\N", "#N/A")

# No more digits than any number here needs: Python refuses to read thousands of them.
_INTEGER = re.compile(r"([-+]?[0-9]{1,20})(?:\.0*)?")

SourceKind = Literal["identifier", "integer", "text"]


@dataclass(frozen=True)
class SourceColumn:
    """A column of the CSV: what it may hold is stated here, and what derives from it says only where it differs.

    `categories` closes a text column; `minimum`/`maximum` bound an integer one, and `codes` closes it.
    """

    name: str
    kind: SourceKind
    categories: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 0
    length: int = TEXT_LENGTH

    @property
    def allowed(self) -> str:
        """What the column may hold, in words."""
        if self.kind == "text":
            return (
                f"one of {', '.join(self.categories)}" if self.categories else f"text of up to {self.length} characters"
            )
        if self.codes:
            return f"one of the codes {', '.join(self.codes)}"
        return f"a whole number from {self.minimum} to {self.maximum}"

    @property
    def emptied(self) -> str | None:
        """What an emptied cell stands for in a closed text column, where it has one reading only.

        In a text column without a closed list the field says what is missing.
        """
        marks = [mark for mark in (MISSING_MARK, NOT_TESTED) if mark in self.categories]
        return marks[0] if marks else None


def read_integer(value: str | float) -> int | None:
    """The whole number that a number (3, 3.0) or a text ("3", "3.0", "-1") is, or None: 3.7 is never cut to 3."""
    if isinstance(value, str):
        found = _INTEGER.fullmatch(value)
        return int(found[1]) if found else None
    if isinstance(value, bool):
        return None
    return int(value) if isinstance(value, int) or value.is_integer() else None


def _identifier(name: str) -> SourceColumn:
    return SourceColumn(name, "identifier", minimum=1, maximum=2**62)


def _integer(name: str, low: int, high: int) -> SourceColumn:
    return SourceColumn(name, "integer", minimum=low, maximum=high)


def _coded(name: str, known: Collection[str]) -> SourceColumn:
    numbers = sorted(map(int, known))
    return SourceColumn(name, "integer", codes=tuple(map(str, numbers)), minimum=numbers[0], maximum=numbers[-1])


def _closed(name: str, *categories: str) -> SourceColumn:
    return SourceColumn(name, "text", categories)


def _open(name: str) -> SourceColumn:
    return SourceColumn(name, "text")


MEDICATIONS = (
    "metformin", "repaglinide", "nateglinide", "chlorpropamide", "glimepiride", "acetohexamide", "glipizide",
    "glyburide", "tolbutamide", "pioglitazone", "rosiglitazone", "acarbose", "miglitol", "troglitazone",
    "tolazamide", "examide", "citoglipton", "insulin", "glyburide-metformin", "glipizide-metformin",
    "glimepiride-pioglitazone", "metformin-rosiglitazone", "metformin-pioglitazone",
)  # fmt: skip

TARGET_COLUMN = "readmitted"
NOT_READMITTED = "NO"
READMITTED = (">30", "<30")

SOURCE_COLUMNS: tuple[SourceColumn, ...] = (
    _identifier("encounter_id"),
    _identifier("patient_nbr"),
    _closed("race", "Caucasian", "AfricanAmerican", "Hispanic", "Asian", "Other", "?"),
    _closed("gender", "Female", "Male", "Unknown/Invalid"),
    _closed("age", *AGE_MIDPOINTS),
    _closed(
        "weight", "?", "[0-25)", "[25-50)", "[50-75)", "[75-100)", "[100-125)", "[125-150)", "[150-175)",
        "[175-200)", ">200",
    ),
    _coded("admission_type_id", ADMISSION_TYPE_GROUPS),
    _coded("discharge_disposition_id", DISCHARGE_GROUPS),
    _coded("admission_source_id", ADMISSION_SOURCE_GROUPS),
    _integer("time_in_hospital", 1, 14),
    _open("payer_code"),
    _open("medical_specialty"),
    _integer("num_lab_procedures", 0, 200),
    _integer("num_procedures", 0, 20),
    _integer("num_medications", 0, 150),
    _integer("number_outpatient", 0, 150),
    _integer("number_emergency", 0, 150),
    _integer("number_inpatient", 0, 150),
    *(_open(name) for name in ("diag_1", "diag_2", "diag_3")),
    _integer("number_diagnoses", 1, 30),
    _closed("max_glu_serum", "None", "Norm", ">200", ">300"),
    _closed("A1Cresult", "None", "Norm", ">7", ">8"),
    *(_closed(name, *MEDICATION_DOSES) for name in MEDICATIONS),
    _closed("change", "No", "Ch"),
    _closed("diabetesMed", "Yes", "No"),
    _closed(TARGET_COLUMN, NOT_READMITTED, *READMITTED),
)  # fmt: skip

COLUMN_NAMES = tuple(column.name for column in SOURCE_COLUMNS)

# Identifiers from here on are given to synthetic encounters only, so that a copied or renamed file still tells.
SYNTHETIC_FIRST_ID = 9_000_000_000
