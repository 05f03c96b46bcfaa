"""Says of a refused value which field it is and what the contract allows there."""

from collections.abc import Mapping
from typing import Any

from app_back.schemas import MAX_LISTED, FieldRefusal
from readmission.features import BY_NAME, FIELDS, FieldError

_SHOWN = 64
_PARAMETERS = {"limit": f"a whole number from 1 to {MAX_LISTED}"}


def explain(problem: Mapping[str, Any]) -> FieldRefusal:
    """The refusal for one of pydantic's errors about a body or a query parameter."""
    place, *path = problem["loc"]
    if problem["type"] == "json_invalid" or not path:
        return _whole_body(problem)
    name = _shown(str(path[0]))
    if problem["type"] == "extra_forbidden":
        known = ", ".join(field.name for field in FIELDS)
        return FieldRefusal(field=name, message="is not a field of this service", allowed=f"the fields {known}")
    allowed = _PARAMETERS[name] if place == "query" else BY_NAME[name].allowed
    return FieldRefusal(field=name, message=_message(problem), allowed=allowed)


def _whole_body(problem: Mapping[str, Any]) -> FieldRefusal:
    message = "is not valid JSON" if problem["type"] == "json_invalid" else "is not a JSON object"
    return FieldRefusal(
        field="body", message=message, allowed="a JSON object of fields, sent with Content-Type: application/json"
    )


def _message(problem: Mapping[str, Any]) -> str:
    """The contract's reason where it was the contract that refused, else pydantic's."""
    error = problem.get("ctx", {}).get("error")
    return error.reason if isinstance(error, FieldError) else str(problem["msg"])


def _shown(name: str) -> str:
    """A name from outside, printable and short."""
    printable = name.encode("unicode_escape").decode("ascii") if not name.isprintable() else name
    return printable if len(printable) <= _SHOWN else f"{printable[:_SHOWN]}…"
