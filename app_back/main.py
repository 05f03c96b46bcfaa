"""The prediction service. Serve it with `uvicorn --factory app_back.main:create_app`."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool

from app_back import health, routes
from app_back.body_limit import BodyLimit
from app_back.errors import add_error_handlers
from app_back.log.prediction_log import PredictionLog
from app_back.model_holder import ModelHolder
from app_back.prediction import Recorder
from connections.settings import Settings, settings_or_exit
from readmission.features import CONTRACT_VERSION

DESCRIPTION = """
Predicts, when a diabetic patient is being discharged, whether that patient will be readmitted within 30 days.
It supports a decision; it makes none.

* `POST /predict` answers with the model version in production, and logs every answer.
* A field may be left out: the 20 original ones have defaults, the others are blank. An unknown field is refused.
* Every error has one shape: `{"error": {"code", "message", "fields"}}`.
"""
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; it connects to nothing until it is started.

    Args:
        settings: the process's own when None.
    """
    used = settings or settings_or_exit()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        logging.basicConfig(level=used.log_level, format=LOG_FORMAT)
        models = ModelHolder(used)
        app.state.models = models
        log = PredictionLog(used)
        log.start()
        app.state.log = log
        app.state.recorder = Recorder(log)
        models.start()
        yield
        await run_in_threadpool(models.stop)
        await run_in_threadpool(log.stop)

    app = FastAPIOffline(
        title="Diabetic readmission", version=CONTRACT_VERSION, description=DESCRIPTION, lifespan=lifespan
    )
    app.add_middleware(BodyLimit)
    add_error_handlers(app)
    app.include_router(routes.router)
    app.include_router(health.router)
    app.openapi = partial(_with_whole_examples, app, app.openapi)  # type: ignore[method-assign]
    return app


def _with_whole_examples(app: FastAPI, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The schema with the examples as they are declared: FastAPI leaves out whatever is null in them."""
    schema = make()
    for route in (route for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema):
        for method in route.methods:
            told = schema["paths"][route.path][method.lower()]["responses"]
            for status, response in route.responses.items():
                told[str(status)]["content"] = told[str(status)]["content"] | _examples(told[str(status)], response)
    return schema


def _examples(told: dict[str, Any], declared: dict[str, Any]) -> dict[str, Any]:
    kind = "application/json"
    return {kind: told["content"][kind] | {"examples": declared["content"][kind]["examples"]}}
