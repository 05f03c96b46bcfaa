"""Holds each encounter of a batch against the contract, as `POST /predict` does with one."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from app_back.errors import explained
from app_back.request_model import PredictionRequest
from app_back.schemas import FieldRefusal
from readmission.features import BY_NAME, FieldError, Value, complete_request

Checked = dict[str, Value] | list[FieldRefusal]


def checked(sent: Any) -> Checked:
    """The whole request for what was sent, or what is refused of it."""
    if isinstance(sent, ValueError):  # a line that could not be read
        message = str(sent) if type(sent) is ValueError else "is not valid JSON"
        return [FieldRefusal(field="encounter", message=message, allowed="an object of fields, or a cell a field")]
    try:
        return complete_request(PredictionRequest.model_validate(sent).sent())
    except FieldError as error:
        return [FieldRefusal(field=error.field, message=error.reason, allowed=BY_NAME[error.field].allowed)]
    except ValidationError as error:
        return list(_explained(error.errors()))


def _explained(problems: Sequence[Any]) -> Iterator[FieldRefusal]:
    for problem in problems:
        if problem["loc"]:
            yield explained({**problem, "loc": ("body", *problem["loc"])})
        else:
            yield FieldRefusal(field="encounter", message="is not a JSON object", allowed="an object of fields")
