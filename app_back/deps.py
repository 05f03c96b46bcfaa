"""What routes ask for, as types. The functions are coroutines only so that none is sent to the thread pool."""

from typing import Annotated, cast

from fastapi import Depends, Request

from app_back.batch.batches import Batches
from app_back.log.prediction_log import PredictionLog
from app_back.metrics import Metrics
from app_back.models.model_holder import ModelHolder
from app_back.models.shadow_holder import ShadowHolder
from app_back.probes import Health


async def get_models(request: Request) -> ModelHolder:
    """The application's model holder."""
    return cast(ModelHolder, request.app.state.models)


async def get_shadowing(request: Request) -> ShadowHolder:
    """What holds the application's shadow."""
    return cast(ShadowHolder, request.app.state.shadowing)


async def get_log(request: Request) -> PredictionLog:
    """The application's prediction log."""
    return cast(PredictionLog, request.app.state.log)


async def get_metrics(request: Request) -> Metrics:
    """The application's figures."""
    return cast(Metrics, request.app.state.metrics)


async def get_health(request: Request) -> Health:
    """What looks at log and model."""
    return cast(Health, request.app.state.health)


async def get_batches(request: Request) -> Batches:
    """What answers batches."""
    return cast(Batches, request.app.state.batches)


BatchesDep = Annotated[Batches, Depends(get_batches)]
HealthDep = Annotated[Health, Depends(get_health)]
ModelsDep = Annotated[ModelHolder, Depends(get_models)]
ShadowingDep = Annotated[ShadowHolder, Depends(get_shadowing)]
LogDep = Annotated[PredictionLog, Depends(get_log)]
MetricsDep = Annotated[Metrics, Depends(get_metrics)]
