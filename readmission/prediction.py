"""A prediction as the service answers and logs it: what the form, the demo and the command line read is this too.

`connections/tables.py` declares the row of it, and the migration creates that.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from readmission.clock import Moment
from readmission.features import Value

Label = Literal["Readmitido", "No Readmitido"]
LABELS: tuple[Label, Label] = ("No Readmitido", "Readmitido")
Place = Literal["database", "journal"]
Probability = Annotated[float, Field(ge=0, le=1)]


def _label(answered: dict[str, Any]) -> Label:
    return LABELS[answered["prediction"]]


def _numbers_as_floats(inputs: dict[str, int | Value]) -> dict[str, Value]:
    return {name: float(value) if isinstance(value, int) else value for name, value in inputs.items()}


# The row keeps whole numbers as they were sent; the listing has always told them as floats.
Inputs = Annotated[dict[str, int | Value], PlainSerializer(_numbers_as_floats, when_used="json")]


class Reason(BaseModel):
    """What one field adds to a risk."""

    field: Annotated[str, Field(description="the field's name in a request")]
    name: Annotated[str, Field(description="what a person calls it, in the asked language")]
    value: Annotated[str, Field(description="its value as the model reads it, in the asked language")]
    contribution: Annotated[float, Field(description="what it adds to the probability: 0.013 are 1.3 points")]


class Reasons(BaseModel):
    """Which fields raise and lower one risk most. They explain the model, not the patient."""

    base: Annotated[Probability, Field(description="the mean prediction, from which the contributions count")]
    raises: Annotated[list[Reason], Field(description="up to five fields that raise it, the largest first")]
    lowers: Annotated[list[Reason], Field(description="up to five fields that lower it, the largest first")]


class Variant(BaseModel):
    """The risk of an encounter with one field changed."""

    field: Annotated[str, Field(description="the field that is changed")]
    name: Annotated[str, Field(description="what a person calls it, in the asked language")]
    category: Annotated[str, Field(description="its other value, as a request would send it")]
    value: Annotated[str, Field(description="the same in words, in the asked language")]
    probability: Annotated[Probability, Field(description="calibrated probability of readmission with it")]


class WhatIfResponse(BaseModel):
    """Risks of encounters that are not: no prediction for a patient, and none is logged."""

    hypothetical: Annotated[Literal[True], Field(description="these are no predictions, and are not logged")] = True
    model_name: str
    model_version: str
    dataset: Annotated[str, Field(description="real, or synthetic when the model was trained on made-up data")]
    threshold: Annotated[Probability, Field(description="decision threshold of the model version")]
    variants: Annotated[list[Variant], Field(description="each other value of each field that a ward can change")]


class PredictionResponse(BaseModel):
    """An answered prediction. It supports a decision; it makes none."""

    model_config = ConfigDict(frozen=True)

    prediction: Annotated[Literal[0, 1], Field(description="1 when the probability reaches the threshold")]
    label: Annotated[Label, Field(description="the prediction in words")]
    probability: Annotated[Probability, Field(description="calibrated probability of readmission")]
    threshold: Annotated[Probability, Field(description="decision threshold of the model version")]
    model_name: str
    model_version: str
    prediction_id: Annotated[str, Field(description="identifies the row in RAW_DATA.predictions")]
    dataset: Annotated[str, Field(description="real, or synthetic when the model was trained on made-up data")]
    # The services of before said nothing: they knew the database alone.
    logged: Annotated[
        Place,
        Field(description="where the row is durable by now: database, or journal until the database takes it"),
    ] = "database"
    reasons: Annotated[Reasons | None, Field(description="why, where it was asked for with explain=true")] = Field(
        default=None, exclude_if=lambda reasons: reasons is None
    )


class _Logged(BaseModel):
    """What a row holds before the answer, in the row's order."""

    prediction_id: str
    created_at: Annotated[Moment, Field(description="UTC")]
    encounter_ref: str | None
    inputs: Annotated[Inputs, Field(description="the complete request, defaults filled in")]


class LoggedPrediction(PredictionResponse, _Logged):
    """A row of RAW_DATA.predictions."""

    request_id: Annotated[str | None, Field(description="the request to the service that it answered")] = None
    shadow_version: Annotated[
        str | None, Field(description="the version that was asked beside it, whose answer nobody got")
    ] = None
    shadow_probability: Annotated[
        Probability | None, Field(description="what that version said; null where it could not score the encounter")
    ] = None
    shadow_threshold: Annotated[Probability | None, Field(description="decision threshold of that version")] = None

    # Told with the answer alone: the row has no such columns, and the listing none either.
    label: Label = Field(default_factory=_label, exclude=True)
    logged: Place = Field(default="database", exclude=True)
    reasons: Reasons | None = Field(default=None, exclude=True)
