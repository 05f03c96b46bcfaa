"""Encounters that differ from one in one value: those of the fields that a ward can still change."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec import json

from app_back.explaining.asked import Asked
from app_back.models.served_version import LoadedModel
from readmission.features import BY_NAME, Field, Value


class Changed(NamedTuple):
    """A whole request that has another category in one field."""

    field: Field
    category: str
    inputs: Mapping[str, Value]


def what_if(inputs: Mapping[str, Value], model: LoadedModel, asked: Asked) -> bytes:
    """The JSON of `WhatIfResponse` for a whole request: nothing of it is logged, and its own risk is not told."""
    scorer = model.scorer
    changed = [each for field in scorer.fields if field.changeable for each in changes(field, inputs)]
    risks = scorer.of_matrix(scorer.encoding.of_requests([each.inputs for each in changed])) if changed else ()
    return json.encode(
        {
            "hypothetical": True,
            "model_name": model.version.name,
            "model_version": model.version.version,
            "dataset": scorer.config.dataset,
            "threshold": scorer.config.threshold,
            "variants": [told_of(each, float(risk), asked) for each, risk in zip(changed, risks, strict=True)],
        }
    )


def changes(field: Field, inputs: Mapping[str, Value]) -> Iterator[Changed]:
    """Each other value of a field; none of a group whose raw code was sent, nor of a raw code that was not."""
    if (field.raw_code and inputs.get(field.raw_code)) or (field.decides and not inputs.get(field.name)):
        return
    present = field.model_value(inputs.get(field.name))
    for category in field.vocabulary:
        if category not in (present, field.missing, field.other):
            yield Changed(field, category, {**inputs, field.name: category, **_decided(field, category)})


def _decided(field: Field, category: str) -> dict[str, Value]:
    """The group that a raw code brings with it."""
    if field.decides is None:
        return {}
    return {field.decides: (BY_NAME[field.decides].groups or {})[category]}


def told_of(changed: Changed, probability: float, asked: Asked) -> dict[str, Any]:
    """The JSON of `Variant`."""
    return {
        "field": changed.field.name,
        "name": asked.say(changed.field.texts.label),
        "category": changed.category,
        "value": asked.say(changed.field.category_text(changed.category)),
        "probability": probability,
    }
