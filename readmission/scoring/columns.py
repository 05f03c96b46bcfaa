"""The two kinds of columns that a file of encounters may have, and which of them a file has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal

from readmission.clean.cleaning import Read
from readmission.dataset.csv_columns import Wanted, read_as
from readmission.features import (
    BY_NAME,
    COLUMN_NAMES,
    DEATH_OR_HOSPICE,
    FIELDS,
    MODEL_FIELDS,
    PREPARED_FIELDS,
    Field,
    FieldError,
    complete_request,
    model_row,
    read_integer,
)
from readmission.features.codes import AGE_MIDPOINTS

IDENTIFYING = ("encounter_id", "encounter_ref")
CANNOT_RETURN = "means death or hospice: such an encounter cannot be readmitted; there is nothing to predict"
# Texts of a column, of which a file may have as many as rows.
_REMEMBERED = 4_096
_GROUPS = tuple(field for field in FIELDS if field.groups is not None)
# Names that one kind has alone; `glyburide_metformin` may be the source's column, as R and SQL rename it.
_OF_SOURCE = {name for name in COLUMN_NAMES if name not in BY_NAME} - {"encounter_id"}
# Of a patient's history the source has no columns; a file may have them beside the source's.
_OF_RECORD = tuple(field.name for field in PREPARED_FIELDS if field.history)
_OF_REQUEST = {field.name for field in FIELDS if field.decides is not None}


@dataclass(frozen=True)
class Kind:
    """How a file's columns are named and spelled: which column a field is read from, and what reads a text of it."""

    name: Literal["source", "request"]
    wanted: Wanted
    column: Mapping[str, str]
    read: Callable[[Field, str], str | float]

    def reads(self, columns: Sequence[str]) -> list[Read]:
        """What is read of a file with these columns, in the contract's order; a text is read once for many chunks."""
        there = [(BY_NAME[name], column) for name, column in self.column.items() if column in columns]
        return [(field, column, lru_cache(_REMEMBERED)(partial(self.read, field))) for field, column in there]

    def lacking(self, columns: Sequence[str]) -> dict[str, str | float]:
        """The model's fields that these columns do not tell, with the value that is taken instead."""
        usual = model_row(complete_request({}))
        return {field.name: usual[field.name] for field in MODEL_FIELDS if self.column[field.name] not in columns}


def _read_source(field: Field, text: str) -> str | float:
    if field.decides is not None and text in DEATH_OR_HOSPICE & field.excluded:
        raise FieldError(field.name, f"a code {CANNOT_RETURN}", f"code {text} {CANNOT_RETURN}")
    return field.from_source(text)


def _read_request(field: Field, text: str) -> str | float:
    number = read_integer(text) if field.decides is not None else None
    code = text if number is None else str(number)
    if code in DEATH_OR_HOSPICE & field.excluded:
        raise FieldError(field.name, f"a code {CANNOT_RETURN}", f"code {code} {CANNOT_RETURN}")
    return field.model_value(code)


SOURCE = Kind(
    "source",
    Wanted((*COLUMN_NAMES, *_OF_RECORD, "encounter_ref"), "the source's columns", whole=False, filled=True),
    {field.name: field.source or field.name for field in PREPARED_FIELDS},
    _read_source,
)
REQUEST = Kind(
    "request",
    Wanted(("encounter_id", *BY_NAME), "a request's fields", whole=False, filled=False),
    {field.name: field.name for field in FIELDS if field.kind != "reference"},
    _read_request,
)


def kind_of(given: Sequence[str], row: Sequence[str]) -> Kind:
    """The kind that a file's header tells; where it leaves that open, the spelling of the first row does."""
    of_source = any(read_as(name, SOURCE.wanted) in _OF_SOURCE and name not in BY_NAME for name in given)
    of_request = any(name in _OF_REQUEST for name in given)
    if of_source != of_request:
        return SOURCE if of_source else REQUEST
    return SOURCE if _spelled_as_source(dict(zip(given, row, strict=False))) else REQUEST


def _spelled_as_source(cells: Mapping[str, str]) -> bool:
    """Whether an age is a group, or an admission group a raw code, as only the source has them."""
    codes = (cells.get(group.name, "") for group in _GROUPS)
    return cells.get("age") in AGE_MIDPOINTS or any(read_integer(code) is not None for code in codes)
