"""What routes ask for, as types. The functions are coroutines only so that none is sent to the thread pool."""

from typing import Annotated, cast

from fastapi import Depends, Request

from app_back.log.prediction_log import PredictionLog
from app_back.model_holder import ModelHolder
from app_back.prediction import Recorder


async def get_models(request: Request) -> ModelHolder:
    """The application's model holder."""
    return cast(ModelHolder, request.app.state.models)


async def get_log(request: Request) -> PredictionLog:
    """The application's prediction log."""
    return cast(PredictionLog, request.app.state.log)


async def get_recorder(request: Request) -> Recorder:
    """What logs the predictions that are answered."""
    return cast(Recorder, request.app.state.recorder)


ModelsDep = Annotated[ModelHolder, Depends(get_models)]
LogDep = Annotated[PredictionLog, Depends(get_log)]
RecorderDep = Annotated[Recorder, Depends(get_recorder)]
