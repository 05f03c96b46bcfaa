"""The prediction service. Serve it with `python -m app_back`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from app_back import card, examples, health, json_logs, routes
from app_back.access.described import with_security
from app_back.access.door import Access, Door
from app_back.batch import route as batch_route
from app_back.batch.batches import Batches
from app_back.body_limit import BodyLimit
from app_back.errors import add_error_handlers
from app_back.explaining import route as explaining_route
from app_back.explaining.explaining import Explaining
from app_back.log.prediction_log import PredictionLog
from app_back.metrics import Metrics
from app_back.models.model_holder import ModelHolder
from app_back.models.shadow_holder import ShadowHolder
from app_back.predicting.endpoint import Predicting
from app_back.predicting.group_commit import GroupCommit
from app_back.predicting.shadow import Shadow
from app_back.probes import Health
from app_back.requests import Requests
from connections.settings import Settings, settings_or_exit
from readmission.features import CONTRACT_VERSION

DESCRIPTION = """
Predicts, when a diabetic patient is being discharged, whether that patient will be readmitted within 30 days.
It supports a decision; it makes none.

* `POST /predict` answers with the model version in production, and logs every answer.
* `POST /predict?explain=true` and `POST /explain` tell why, `POST /what-if` what another value would change.
* A field may be left out: the 20 original ones have defaults, the others are blank. An unknown field is refused.
* Every error has one shape: `{"error": {"code", "message", "fields"}}`.
* Whoever asks sends an API key, in the header `X-API-Key` or as `Authorization: Bearer`.
* Every answer has the header `X-Request-ID`: the one that was sent, or a new one.
"""
OBSERVE_SECONDS = 1.0


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; it connects to nothing until it is started.

    Args:
        settings: the process's own when None.
    """
    used = settings or settings_or_exit()
    metrics, access = Metrics(), Access(used)
    app = FastAPIOffline(
        title="Diabetic readmission",
        version=CONTRACT_VERSION,
        description=DESCRIPTION,
        lifespan=partial(_running, used, metrics, access),
    )
    app.state.metrics = metrics
    app.add_middleware(BodyLimit)
    add_error_handlers(app)
    described = (routes.router, card.router, explaining_route.router, batch_route.router, health.router, routes.figures)
    for router in described:
        app.include_router(router, responses=examples.OF_EVERY_ROUTE)
    layers = partial(_layers, app.build_middleware_stack, access, metrics)
    app.build_middleware_stack = layers  # type: ignore[method-assign]
    app.openapi = partial(_with_whole_examples, app, app.openapi)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _running(settings: Settings, metrics: Metrics, access: Access, app: FastAPI) -> AsyncIterator[None]:
    """The parts of the application, from its start to its end."""
    json_logs.configure(settings.log_level)
    models, log = ModelHolder(settings), PredictionLog(settings)
    await run_in_threadpool(access.look)
    await run_in_threadpool(log.start)
    shadowing = ShadowHolder(settings, models)
    shadow = Shadow(shadowing, metrics)
    predictions = GroupCommit(models, shadow, log, metrics, settings.queue_limit)
    batches = Batches(models, shadow, log, metrics, settings.batch_seconds, settings.log_wait_seconds)
    app.state.models, app.state.log, app.state.predictions = models, log, predictions
    explaining = Explaining(models, shadow, log, metrics, settings.queue_limit)
    app.state.shadowing = shadowing
    app.state.batches, app.state.explaining = batches, explaining
    app.state.health = Health(log, models, access)
    models.start()
    shadowing.start()
    predictions.start()
    observing = asyncio.create_task(_observe(metrics, access, log, models))
    yield
    observing.cancel()
    await run_in_threadpool(predictions.stop)
    await run_in_threadpool(batches.stop)
    await run_in_threadpool(explaining.stop)
    await run_in_threadpool(log.stop)
    await run_in_threadpool(shadowing.stop)
    await run_in_threadpool(models.stop)


def _layers(build: Callable[[], ASGIApp], access: Access, metrics: Metrics) -> ASGIApp:
    """The route that must be fast stands before FastAPI with its own layers; both tell what they see of a request.

    Before both it is decided who may ask.
    """
    return Door(Predicting(Requests(build(), metrics), metrics), access, metrics)


async def _observe(metrics: Metrics, access: Access, log: PredictionLog, models: ModelHolder) -> None:
    """Keeps the figures of journal and model, which no request brings about, and follows the file of keys."""
    while True:
        metrics.seen(log.state(), models)
        await run_in_threadpool(access.look)
        await asyncio.sleep(OBSERVE_SECONDS)


def _with_whole_examples(app: FastAPI, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The schema with the examples as they are declared: FastAPI leaves out whatever is null in them."""
    schema = with_security(make())
    for route in (route for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema):
        for method in route.methods:
            told = schema["paths"][route.path][method.lower()]["responses"]
            for status, response in _in_json(route.responses):
                told[str(status)]["content"] = told[str(status)]["content"] | _examples(told[str(status)], response)
    return schema


def _in_json(responses: examples.Responses) -> list[tuple[int | str, dict[str, Any]]]:
    return [each for each in responses.items() if "application/json" in each[1]["content"]]


def _examples(told: dict[str, Any], declared: dict[str, Any]) -> dict[str, Any]:
    kind = "application/json"
    return {kind: told["content"][kind] | {"examples": declared["content"][kind]["examples"]}}
