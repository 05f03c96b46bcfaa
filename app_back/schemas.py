"""What the service answers beside a prediction: response models, and the one shape of its errors."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app_back.models.served_version import Source
from readmission.clock import Moment
from readmission.prediction import LoggedPrediction, Place, Probability

MAX_LISTED = 1000


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
    loaded_at: Annotated[Moment, Field(description="UTC")]
    source: Annotated[Source, Field(description="MLflow, or the last good copy on disk")]
    registry_problem: Annotated[
        str | None,
        Field(description="why the registry cannot be followed, or the model not kept on disk, when that is so"),
    ]


class LiveResponse(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class HealthResponse(LiveResponse):
    """A prediction would be kept, and where."""

    log: Annotated[Place, Field(description="where a prediction would be kept now")]
    waiting: Annotated[int, Field(ge=0, description="predictions in the journal that are not in the table yet")]
    problems: Annotated[list[str], Field(description="a sentence for each thing that is not well")]


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
