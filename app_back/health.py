"""Health: alive (the event loop), ready (a prediction is answered and logged), healthy (or nothing trained yet)."""

from functools import partial
from typing import Any

from fastapi import APIRouter

from app_back import examples
from app_back.access.described import refusals
from app_back.deps import HealthDep
from app_back.errors import NotReadyError
from app_back.log.database import NO_TABLE
from app_back.probes import Look
from app_back.schemas import HealthResponse, LiveResponse

router = APIRouter(prefix="/health", tags=["health"], responses=refusals("/health"))


def _found(log: str, *problems: str, waiting: int = 0) -> dict[str, Any]:
    return {"status": "ok", "log": log, "waiting": waiting, "problems": list(problems)}


_WELL = {"well": _found("database"), "journal": _found("journal", f"{NO_TABLE}.", waiting=12)}
_failed = partial(examples.errors, 503, "A check failed; the message names it.")


@router.get("/live", summary="Is the process alive?", responses=examples.answers(ok={"status": "ok"}))
async def live() -> LiveResponse:
    """The event loop answers, whatever database and registry do: for restarting what hangs."""
    return LiveResponse()


@router.get(
    "",
    summary="Is the service healthy?",
    responses=examples.answers(**_WELL, first_start=_found("database", f"{examples.NO_MODEL['error']['message']}."))
    | _failed(unhealthy=examples.UNHEALTHY),
)
async def healthy(health: HealthDep) -> HealthResponse:
    """As `/health/ready`, but healthy too while MLflow has no version in production: nothing was trained yet."""
    look = await health.look()
    return _response(look, model=None if look.begun and look.registry is None else look.model)


@router.get(
    "/ready",
    summary="Would a prediction be answered?",
    responses=examples.answers(**_WELL) | _failed(no_model=examples.NOT_READY),
)
async def ready(health: HealthDep) -> HealthResponse:
    """A prediction would be scored and logged now: in the database, or in the journal while that does not answer."""
    look = await health.look()
    return _response(look, model=look.model)


def _response(look: Look, model: str | None) -> HealthResponse:
    log = None if look.log.place else f"log: {look.log.reason}"
    keys = look.keys and f"keys: {look.keys}"
    if log or model or look.locked:
        failed = (log, model and f"model: {model}", keys)
        raise NotReadyError(f"failed checks: {'. '.join(problem for problem in failed if problem)}")
    assert look.log.place is not None
    return HealthResponse(log=look.log.place, waiting=look.log.rows, problems=look.problems)
