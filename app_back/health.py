"""Health: alive (the process), healthy (and the database), ready (and a model)."""

from typing import Any

from fastapi import APIRouter

from app_back import examples
from app_back.deps import LogDep, ModelsDep
from app_back.errors import NoModelError, NotReadyError
from app_back.log.prediction_log import PredictionLog
from app_back.model_holder import ModelHolder
from app_back.schemas import HealthResponse

router = APIRouter(prefix="/health", tags=["health"])


def _checked(*checks: str) -> examples.Responses:
    return examples.answers(ok={"status": "ok", "checks": list(checks)})


def _failed(**failures: dict[str, Any]) -> examples.Responses:
    return examples.errors(503, "A check failed; the message names it.", **failures)


@router.get("/live", summary="Is the process alive?", responses=_checked("process"))
async def live() -> HealthResponse:
    """The process is alive."""
    return HealthResponse(checks=["process"])


@router.get(
    "",
    summary="Is the service healthy?",
    responses=_checked("process", "database") | _failed(database=examples.UNHEALTHY),
)
def healthy(log: LogDep, models: ModelsDep) -> HealthResponse:
    """The process is alive, the database answers and MLflow has once; no model in production yet is healthy too."""
    _require(_database(log) or _not_known(models))
    return HealthResponse(checks=["process", "database"])


@router.get(
    "/ready",
    summary="Would a prediction be answered?",
    responses=_checked("process", "database", "model") | _failed(model=examples.NOT_READY),
)
def ready(log: LogDep, models: ModelsDep) -> HealthResponse:
    """A prediction would be answered: a model is loaded and the predictions table answers."""
    _require(_database(log), _model(models))
    return HealthResponse(checks=["process", "database", "model"])


def _database(log: PredictionLog) -> str | None:
    state = log.probe()
    return None if state.place else f"database: {state.reason}"


def _model(models: ModelHolder) -> str | None:
    try:
        models.current()
    except NoModelError as error:
        return f"model: {error.message}"
    return None


def _not_known(models: ModelHolder) -> str | None:
    return None if models.known else _model(models)


def _require(*failures: str | None) -> None:
    if failed := [failure for failure in failures if failure is not None]:
        raise NotReadyError(f"failed checks: {'. '.join(failed)}")
