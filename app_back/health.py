"""Health: alive (the process), healthy (and the database), ready (and a model)."""

from typing import Any

from fastapi import APIRouter

from app_back.deps import LogDep, ModelsDep
from app_back.errors import NoModelError, NotReadyError, ServiceError
from app_back.model_holder import ModelHolder
from app_back.prediction_log import PredictionLog
from app_back.schemas import ErrorResponse, HealthResponse

router = APIRouter(prefix="/health", tags=["health"])

FAILED: dict[int | str, dict[str, Any]] = {
    503: {"model": ErrorResponse, "description": "A check failed; the message names it."}
}


@router.get("/live")
async def live() -> HealthResponse:
    """The process is alive."""
    return HealthResponse(checks=["process"])


@router.get("", responses=FAILED)
def healthy(log: LogDep) -> HealthResponse:
    """The process is alive and the database answers; no model yet is healthy too."""
    _require(_database(log))
    return HealthResponse(checks=["process", "database"])


@router.get("/ready", responses=FAILED)
def ready(log: LogDep, models: ModelsDep) -> HealthResponse:
    """A prediction would be answered: a model is loaded and the predictions table answers."""
    _require(_database(log), _model(models))
    return HealthResponse(checks=["process", "database", "model"])


def _database(log: PredictionLog) -> str | None:
    try:
        log.check()
    except ServiceError as error:
        return f"database: {error.message}"
    return None


def _model(models: ModelHolder) -> str | None:
    try:
        models.current()
    except NoModelError as error:
        return f"model: {error.message}"
    return None


def _require(*failures: str | None) -> None:
    if failed := [failure for failure in failures if failure is not None]:
        raise NotReadyError(f"failed checks: {'. '.join(failed)}")
