"""A risk's reasons in a reader's words: which fields add what, and what each of them says."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app_back.explaining.asked import Asked
from readmission.features import BY_NAME, Field, Value

TOLD = 5


def contributions_of(
    fields: Sequence[str], by_field: NDArray[np.float64], inputs: Mapping[str, Value], asked: Asked
) -> list[dict[str, Any]]:
    """Each field of the model with what it adds, shape (fields,), the largest first: the JSON of `Reason`."""
    order = np.argsort(-np.abs(by_field), kind="stable")
    return [
        {
            "field": fields[place],
            "name": asked.say(BY_NAME[fields[place]].texts.label),
            "value": value_of(BY_NAME[fields[place]], inputs.get(fields[place]), asked),
            "contribution": float(by_field[place]),
        }
        for place in order.tolist()
    ]


def reasons_of(base: float, contributions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON of `Reasons` for contributions, the largest first."""
    return {
        "base": base,
        "raises": [each for each in contributions if each["contribution"] > 0][:TOLD],
        "lowers": [each for each in contributions if each["contribution"] < 0][:TOLD],
    }


def value_of(field: Field, value: Value, asked: Asked) -> str:
    """A request's value as the model reads it, in words: a code's group, "not recorded" where it is blank."""
    read = field.model_value(value)
    return str(int(read)) if isinstance(read, float) else asked.say(field.category_text(read))
