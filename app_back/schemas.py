"""What the service answers: response models, and the one shape of its errors."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from readmission.features import Value

MAX_LISTED = 1000

Label = Literal["Readmitido", "No Readmitido"]
LABELS: tuple[Label, Label] = ("No Readmitido", "Readmitido")
Probability = Annotated[float, Field(ge=0, le=1)]


class PredictionResponse(BaseModel):
    """An answered prediction. It supports a decision; it makes none."""

    prediction: Annotated[Literal[0, 1], Field(description="1 when the probability reaches the threshold")]
    label: Annotated[Label, Field(description="the prediction in words")]
    probability: Annotated[Probability, Field(description="calibrated probability of readmission")]
    threshold: Annotated[Probability, Field(description="decision threshold of the model version")]
    model_name: str
    model_version: str
    prediction_id: Annotated[str, Field(description="identifies the row in RAW_DATA.predictions")]
    dataset: Annotated[str, Field(description="real, or synthetic when the model was trained on made-up data")]


class LoggedPrediction(BaseModel):
    """A row of RAW_DATA.predictions."""

    prediction_id: str
    created_at: Annotated[datetime, Field(description="UTC")]
    encounter_ref: str | None
    inputs: Annotated[dict[str, Value], Field(description="the complete request, defaults filled in")]
    prediction: Literal[0, 1]
    probability: float
    threshold: float
    model_name: str
    model_version: str
    dataset: str


class PredictionList(BaseModel):
    """The latest predictions, newest first."""

    predictions: list[LoggedPrediction]


class ModelResponse(BaseModel):
    """The model version that answers, and how it was measured."""

    name: str
    version: str
    dataset: str
    target: Annotated[str, Field(description="lt30: readmitted within 30 days; any: readmitted at all")]
    threshold: Probability
    metrics: Annotated[dict[str, float], Field(description="validation and test figures of this version")]
    tags: dict[str, str]
    contract_version: str
    features: Annotated[list[str], Field(description="the fields that the model uses, in its order")]
    loaded_at: Annotated[datetime, Field(description="UTC")]
    registry_problem: Annotated[
        str | None, Field(description="why a newer version could not be followed, when that is so")
    ]


class HealthResponse(BaseModel):
    """Each thing that was checked answered."""

    status: Literal["ok"] = "ok"
    checks: list[str]


class FieldRefusal(BaseModel):
    """A refused field, why, and what it allows."""

    field: str
    message: str
    allowed: str


class ErrorDetail(BaseModel):
    """What went wrong and what to do about it; `fields` only with 422."""

    code: str
    message: str
    fields: list[FieldRefusal] | None = None


class ErrorResponse(BaseModel):
    """The shape of every error."""

    error: ErrorDetail
