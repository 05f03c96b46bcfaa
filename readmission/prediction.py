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


class _Logged(BaseModel):
    """What a row holds before the answer, in the row's order."""

    prediction_id: str
    created_at: Annotated[Moment, Field(description="UTC")]
    encounter_ref: str | None
    inputs: Annotated[Inputs, Field(description="the complete request, defaults filled in")]


class LoggedPrediction(PredictionResponse, _Logged):
    """A row of RAW_DATA.predictions."""

    request_id: Annotated[str | None, Field(description="the request to the service that it answered")] = None

    # Told with the answer alone: the row has no such columns, and the listing none either.
    label: Label = Field(default_factory=_label, exclude=True)
    logged: Place = Field(default="database", exclude=True)
