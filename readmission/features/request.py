"""Turns the fields that a request sent into a whole request, and a whole request into the model's inputs."""

from collections.abc import Mapping
from typing import NamedTuple

from readmission.features.codes import MISSING
from readmission.features.contract import BY_NAME, FIELDS, MODEL_FIELDS
from readmission.features.field import FieldError, Value


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
