"""What the service answers beside a prediction: response models, and the one shape of its errors."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from readmission.clock import Moment
from readmission.prediction import LoggedPrediction, Probability

MAX_LISTED = 1000


class PredictionList(BaseModel):
    """The latest predictions, newest first."""

    predictions: list[LoggedPrediction]
    waiting: Annotated[int, Field(description="predictions that wait in the journal until the database takes them")]


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
    loaded_at: Annotated[Moment, Field(description="UTC")]
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
