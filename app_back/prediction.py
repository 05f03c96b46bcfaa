"""Answers a request: completes it, scores it, and logs it before anybody sees the answer."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from time import perf_counter
from uuid import uuid4

from app_back.model_holder import LoadedModel, ModelHolder
from app_back.prediction_log import Prediction, PredictionLog
from readmission.features import Value, complete_request

logger = logging.getLogger(__name__)


def predict(sent: Mapping[str, Value], models: ModelHolder, log: PredictionLog) -> Prediction:
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


def _prediction(inputs: dict[str, Value], model: LoadedModel) -> Prediction:
    config = model.scorer.config
    probability = model.scorer.score(inputs)
    reference = inputs["encounter_ref"]
    return Prediction(
        prediction_id=str(uuid4()),
        created_at=datetime.now(UTC).replace(tzinfo=None),
        encounter_ref=None if reference is None else str(reference),
        inputs=inputs,
        prediction=1 if probability >= config.threshold else 0,
        probability=probability,
        threshold=config.threshold,
        model_name=model.version.name,
        model_version=model.version.version,
        dataset=config.dataset,
    )
