"""Turns the fields that a request sent into a whole request, and a whole request into the model's inputs."""

from collections.abc import Mapping
from typing import NamedTuple

from readmission.features.contract import BY_NAME, FIELDS, MODEL_FIELDS
from readmission.features.field import Field, FieldError, Value

_DEFAULTS: dict[str, Value] = {field.name: field.default for field in FIELDS}
# The raw codes: the field's name, the group that it decides, and what each code means for that.
_DECIDING = [
    (field.name, BY_NAME[field.decides], BY_NAME[field.decides].groups or {}) for field in FIELDS if field.decides
]


class DecidedGroup(NamedTuple):
    """A field whose value comes from the raw code that was given with it."""

    group: Field
    code_name: str
    code: str
    category: str


def decided_groups(values: Mapping[str, Value]) -> list[DecidedGroup]:
    """The fields that the raw codes among `values` decide."""
    found = []
    for name, group, groups in _DECIDING:
        code = str(values.get(name))
        if code in groups:
            found.append(DecidedGroup(group, name, code, groups[code]))
    return found


def complete_request(sent: Mapping[str, Value]) -> dict[str, Value]:
    """A whole request from the fields that were sent: defaults filled in, groups taken from raw codes.

    Raises:
        FieldError: a raw code was sent together with another group than its own.
    """
    whole = _DEFAULTS | {name: value for name, value in sent.items() if name in _DEFAULTS}
    for decided in decided_groups(whole):
        name = decided.group.name
        if sent.get(name) not in (None, "", decided.category):
            meant = f"{decided.code_name} {whole[decided.code_name]!r}, which means {decided.category!r}"
            reason = f"{sent[name]!r} contradicts {meant}; send one of them"
            raise FieldError(name, f"contradicts {decided.code_name}; send one of them", reason)
        whole[name] = decided.category
    return whole


def model_row(request: Mapping[str, Value]) -> dict[str, str | float]:
    """The model's inputs (one value a model field, in contract order) for a whole request.

    Raises:
        FieldError: the contract does not allow a value.
    """
    return {field.name: field.model_value(request.get(field.name)) for field in MODEL_FIELDS}
