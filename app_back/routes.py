"""The prediction and model endpoints. Those that touch the database are plain functions: they run in threads."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Body, Query
from fastapi.responses import RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from app_back import examples
from app_back.access.described import LIMITED, refusals
from app_back.deps import LogDep, MetricsDep, ModelsDep, ShadowingDep
from app_back.explaining.route import InLanguage
from app_back.predicting.endpoint import PATH
from app_back.request_model import PredictionRequest
from app_back.schemas import MAX_LISTED, ModelResponse, PredictionList
from readmission.prediction import PredictionResponse

router = APIRouter()
figures = APIRouter(tags=["health"])

_TOO_OFTEN = examples.errors(429, "The key asks too often.", limited=LIMITED)
POST_ANSWERS = (
    examples.answers(**examples.ANSWERS)
    | examples.errors(400, "The body cannot be read.", not_utf8=examples.UNREADABLE)
    | examples.errors(413, "The body is larger than an encounter's.", too_large=examples.TOO_LARGE)
    | examples.errors(422, "Each refused field is named with what it allows.", refused=examples.REFUSED)
    | examples.errors(
        503,
        "No model is in production, or neither database nor journal takes the row.",
        no_model=examples.NO_MODEL,
        not_logged=examples.NOT_LOGGED,
    )
    | examples.errors(
        429, "As many predictions wait as may, or the key asks too often.", busy=examples.BUSY, limited=LIMITED
    )
    | examples.errors(409, "The version cannot be explained.", no_reasons=examples.NO_REASONS)
    | refusals(PATH)
)
LIST_ANSWERS = (
    examples.answers(one=examples.LISTED)
    | examples.errors(422, "`limit` is refused.", refused=examples.LIMIT_REFUSED)
    | examples.errors(503, "The database does not answer.", not_read=examples.NOT_LISTED)
    | _TOO_OFTEN
    | refusals("/predictions")
)
MODEL_ANSWERS = (
    examples.answers(model=examples.MODEL)
    | examples.errors(503, "No model is in production.", no_model=examples.NO_MODEL)
    | _TOO_OFTEN
    | refusals("/model")
)
METRICS_ANSWERS: examples.Responses = (
    {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}} | _TOO_OFTEN | refusals("/metrics")
)
MEASURED = ("val_", "test_")


@router.get("/", include_in_schema=False)
async def root() -> RedirectResponse:
    """Sends a visitor to the documentation."""
    return RedirectResponse("/docs")


@router.post(PATH, tags=["predictions"], summary="Predict one encounter", responses=POST_ANSWERS)
async def post_prediction(
    request: Annotated[PredictionRequest, Body(openapi_examples=examples.REQUESTS)],
    explain: Annotated[bool, Query(description="whether to tell which fields raise and lower the risk most")] = False,
    language: InLanguage = None,
) -> PredictionResponse:
    """Predicts whether a patient being discharged will be back within 30 days.

    Every answered prediction is a row of `RAW_DATA.predictions`; what cannot be logged is not answered.
    It supports a decision; it makes none.
    """
    raise NotImplementedError("`Predicting` answers it before it comes here: this is what OpenAPI tells of it")


@router.get("/predictions", tags=["predictions"], summary="List the latest predictions", responses=LIST_ANSWERS)
def get_predictions(log: LogDep, limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 20) -> PredictionList:
    """The latest predictions, newest first, with their complete inputs."""
    return PredictionList(predictions=log.recent(limit), waiting=log.waiting())


@figures.get(
    "/metrics", summary="Measure the service, for Prometheus", response_class=Response, responses=METRICS_ANSWERS
)
def get_metrics(metrics: MetricsDep, log: LogDep, models: ModelsDep) -> Response:
    """Requests, latencies, commits, journal, model, probabilities and what fields lacked, in Prometheus's format."""
    metrics.seen(log.state(), models)
    return Response(metrics.exposed(), media_type=CONTENT_TYPE_LATEST)


@router.get("/model", tags=["model"], summary="Describe the model that answers", responses=MODEL_ANSWERS)
async def get_model(models: ModelsDep, shadowing: ShadowingDep) -> ModelResponse:
    """The model version that answers at present, and how it was measured."""
    model = models.current()
    tags = model.version.tags
    return ModelResponse(
        name=model.version.name,
        version=model.version.version,
        dataset=model.scorer.config.dataset,
        target=model.scorer.config.target,
        threshold=model.scorer.config.threshold,
        capacity_threshold=model.scorer.config.capacity_threshold,
        metrics=_metrics(tags),
        tags=tags,
        contract_version=model.scorer.config.contract_version,
        features=[field.name for field in model.scorer.fields],
        loaded_at=model.loaded_at,
        source=model.source,
        promotion=model.promotion,
        registry_problem=models.problem,
        shadow_version=shadowing.version,
        shadow_problem=shadowing.problem,
    )


def _metrics(tags: Mapping[str, str]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, text in tags.items():
        if name.startswith(MEASURED):
            with suppress(ValueError):  # a tag that somebody wrote by hand in MLflow
                figures[name] = float(text)
    return figures
