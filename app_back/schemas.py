"""What the service answers beside a prediction: response models, and the one shape of its errors."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app_back.models.served_version import Source
from readmission.clock import Moment
from readmission.inference import PromotionRecord
from readmission.prediction import Label, LoggedPrediction, Place, PredictionResponse, Probability, Reason

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
    capacity_threshold: Annotated[
        Probability | None,
        Field(description="flags the riskiest 10 %; nothing decides by it, and versions of before have none"),
    ]
    metrics: Annotated[dict[str, float], Field(description="validation and test figures of this version")]
    tags: dict[str, str]
    contract_version: str
    features: Annotated[list[str], Field(description="the fields that the model uses, in its order")]
    loaded_at: Annotated[Moment, Field(description="UTC")]
    source: Annotated[Source, Field(description="MLflow, or the last good copy on disk")]
    promotion: Annotated[
        PromotionRecord | None,
        Field(description="the signed record of its promotion; null for one put in production past the pipeline"),
    ]
    registry_problem: Annotated[
        str | None,
        Field(description="why the registry cannot be followed, or the model not kept on disk, when that is so"),
    ]
    shadow_version: Annotated[
        str | None, Field(description="the version that is scored beside it, for the log alone; null without one")
    ]
    shadow_problem: Annotated[
        str | None, Field(description="why none is, or the registry cannot be followed, where SHADOW_ALIAS names one")
    ]


class BatchPrediction(BaseModel):
    """The prediction for one encounter of a batch."""

    prediction_id: Annotated[str, Field(description="identifies the row in RAW_DATA.predictions")]
    probability: Annotated[Probability, Field(description="calibrated probability of readmission")]
    prediction: Annotated[Literal[0, 1], Field(description="1 when the probability reaches the threshold")]
    label: Annotated[Label, Field(description="the prediction in words")]


class ExplanationResponse(PredictionResponse):
    """A prediction, logged as any other, with what every field of the model adds to it."""

    contributions: Annotated[
        list[Reason],
        Field(description="of every field of the model, the largest first; with the base they are the probability"),
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
    """A refused field, why, and what it allows; of a batch, in which row, the first being 1."""

    row: int | None = None
    field: str
    message: str
    allowed: str


class ErrorDetail(BaseModel):
    """What went wrong and what to do about it; `fields` only with 422."""

    code: str
    message: str
    fields: list[FieldRefusal] | None = None


class BatchResult(BaseModel):
    """What became of one encounter of a batch: a prediction or an error."""

    row: Annotated[int, Field(ge=1, description="the encounter's number in the batch, the first being 1")]
    prediction: BatchPrediction | None = None
    error: ErrorDetail | None = None


class BatchResponse(BaseModel):
    """A batch, answered by one model version and logged in one commit. It supports decisions; it makes none."""

    model_name: str
    model_version: str
    dataset: Annotated[str, Field(description="real, or synthetic when the model was trained on made-up data")]
    threshold: Annotated[Probability, Field(description="decision threshold of the model version")]
    logged: Annotated[Place | None, Field(description="where the predictions are kept; null when all were refused")]
    predictions: Annotated[
        list[BatchPrediction] | None, Field(description="in the order of the encounters; unless errors are reported")
    ] = None
    results: Annotated[
        list[BatchResult] | None, Field(description="with on_error=report: an item an encounter, in their order")
    ] = None


class ErrorResponse(BaseModel):
    """The shape of every error."""

    error: ErrorDetail
