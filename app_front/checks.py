"""What is still missing or wrong in a form, and the request that it makes when nothing is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from readmission.features import BY_NAME, FIELDS, Field, FieldError, decided_groups

Entered = Mapping[str, str | None]
Request = dict[str, str | int]

# What a prediction depends on most, in the form's order: what a forest loses most by on the real data when it is given
# the default instead (tests/integration/app_front/test_what_matters.py), and the age and stay that every ward knows.
REQUIRED = (
    "age", "time_in_hospital", "discharge_disposition_id", "number_inpatient", "number_emergency",
    "number_diagnoses", "num_medications",
)  # fmt: skip

_WHOLE_NUMBER = re.compile("[+-]?[0-9]{1,9}")


@dataclass(frozen=True)
class Unfinished:
    """A form that cannot be sent: what must be chosen and was not, and what the contract does not allow."""

    unchosen: tuple[Field, ...]
    refused: tuple[Field, ...]


def check(entered: Entered) -> Unfinished | None:
    """What is missing or wrong, in the form's order; None when nothing is."""
    given, decided = _given(entered), {group.group.name for group in decided_groups(entered)}
    needed = tuple(BY_NAME[name] for name in REQUIRED if name not in given and name not in decided)
    refused = tuple(field for field in FIELDS if field not in needed and not _accepts(field, given.get(field.name)))
    return Unfinished(needed, refused) if needed or refused else None


def request(entered: Entered) -> Request:
    """The body to send: what was entered without the blanks and without the groups that a raw code decides."""
    decided = {group.group.name for group in decided_groups(entered)}
    return {
        name: int(value) if BY_NAME[name].kind == "number" else value
        for name, value in _given(entered).items()
        if name not in decided
    }


def _given(entered: Entered) -> dict[str, str]:
    stripped = {name: (value or "").strip() for name, value in entered.items()}
    return {name: value for name, value in stripped.items() if value}


def _accepts(field: Field, value: str | None) -> bool:
    if value is None:
        return field.optional or field.kind == "category"
    if field.kind == "number" and not _WHOLE_NUMBER.fullmatch(value):
        return False
    try:
        field.model_value(value)
    except FieldError:
        return False
    return True
