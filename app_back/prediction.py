"""Answers a request: completes it, scores it, and logs it before anybody sees the answer."""

import logging
from collections.abc import Mapping
from time import perf_counter
from uuid import uuid4

from app_back.models.model_holder import ModelHolder
from app_back.models.served_version import LoadedModel
from app_back.prediction_log import PredictionLog
from readmission.clock import now
from readmission.features import Value, complete_request
from readmission.prediction import LoggedPrediction

logger = logging.getLogger(__name__)


def predict(sent: Mapping[str, Value], models: ModelHolder, log: PredictionLog) -> LoggedPrediction:
    """The logged prediction for the fields that were sent.

    Raises:
        NoModelError: no model is loaded.
        FieldError: two fields contradict each other.
        LogUnavailableError: the prediction could not be logged, so it is withheld.
    """
    started = perf_counter()
    inputs = complete_request(sent)
    prediction = _prediction(inputs, models.current())
    log.record(prediction)
    milliseconds = (perf_counter() - started) * 1000
    logger.info(
        "prediction %s by version %s in %.1f ms", prediction.prediction_id, prediction.model_version, milliseconds
    )
    return prediction


def _prediction(inputs: dict[str, Value], model: LoadedModel) -> LoggedPrediction:
    config = model.scorer.config
    probability = model.scorer.score(inputs)
    reference = inputs["encounter_ref"]
    return LoggedPrediction(
        prediction_id=str(uuid4()),
        created_at=now(),
        encounter_ref=None if reference is None else str(reference),
        inputs=inputs,
        prediction=model.scorer.decide(probability),
        probability=probability,
        threshold=config.threshold,
        model_name=model.version.name,
        model_version=model.version.version,
        dataset=config.dataset,
    )
