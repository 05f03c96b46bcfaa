"""The prediction and model endpoints. Those that touch the database are plain functions: they run in threads."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Body, Query
from fastapi.responses import RedirectResponse

from app_back import examples
from app_back.deps import LogDep, ModelsDep, RecorderDep
from app_back.json_body import JsonRoute
from app_back.prediction import predict
from app_back.request_model import PredictionRequest
from app_back.schemas import MAX_LISTED, ModelResponse, PredictionList
from readmission.features import CONTRACT_VERSION, MODEL_FIELDS
from readmission.prediction import PredictionResponse

router = APIRouter(route_class=JsonRoute, responses=examples.errors(500, "The service failed.", failed=examples.FAILED))

POST_ANSWERS = (
    examples.answers(**examples.ANSWERS)
    | examples.errors(400, "The body cannot be read.", not_utf8=examples.UNREADABLE)
    | examples.errors(413, "The body is larger than an encounter's.", too_large=examples.TOO_LARGE)
    | examples.errors(422, "Each refused field is named with what it allows.", refused=examples.REFUSED)
    | examples.errors(
        503,
        "No model is in production, or the database does not take the row.",
        no_model=examples.NO_MODEL,
        not_logged=examples.NOT_LOGGED,
    )
)
LIST_ANSWERS = (
    examples.answers(one=examples.LISTED)
    | examples.errors(422, "`limit` is refused.", refused=examples.LIMIT_REFUSED)
    | examples.errors(503, "The database does not answer.", not_read=examples.NOT_LISTED)
)
MODEL_ANSWERS = examples.answers(model=examples.MODEL) | examples.errors(
    503, "No model is in production.", no_model=examples.NO_MODEL
)
MEASURED = ("val_", "test_")


@router.get("/", include_in_schema=False)
async def root() -> RedirectResponse:
    """Sends a visitor to the documentation."""
    return RedirectResponse("/docs")


@router.post("/predict", tags=["predictions"], summary="Predict one encounter", responses=POST_ANSWERS)
def post_prediction(
    request: Annotated[PredictionRequest, Body(openapi_examples=examples.REQUESTS)],
    models: ModelsDep,
    recorder: RecorderDep,
) -> PredictionResponse:
    """Predicts whether a patient being discharged will be back within 30 days.

    Every answered prediction is a row of `RAW_DATA.predictions`; what cannot be logged is not answered.
    It supports a decision; it makes none.
    """
    return predict(request.sent(), models, recorder)


@router.get("/predictions", tags=["predictions"], summary="List the latest predictions", responses=LIST_ANSWERS)
def get_predictions(log: LogDep, limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 20) -> PredictionList:
    """The latest predictions, newest first, with their complete inputs."""
    return PredictionList(predictions=log.recent(limit), waiting=log.waiting())


@router.get("/model", tags=["model"], summary="Describe the model that answers", responses=MODEL_ANSWERS)
async def get_model(models: ModelsDep) -> ModelResponse:
    """The model version that answers at present, and how it was measured."""
    model = models.current()
    tags = model.version.tags
    return ModelResponse(
        name=model.version.name,
        version=model.version.version,
        dataset=model.scorer.config.dataset,
        target=model.scorer.config.target,
        threshold=model.scorer.config.threshold,
        metrics=_metrics(tags),
        tags=tags,
        contract_version=CONTRACT_VERSION,
        features=[field.name for field in MODEL_FIELDS],
        loaded_at=model.loaded_at,
        registry_problem=models.problem,
    )


def _metrics(tags: Mapping[str, str]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, text in tags.items():
        if name.startswith(MEASURED):
            with suppress(ValueError):  # a tag that somebody wrote by hand in MLflow
                figures[name] = float(text)
    return figures
