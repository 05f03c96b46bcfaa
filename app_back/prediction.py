"""Answers a request: completes it, scores it, and logs it before anybody sees the answer."""

import logging
from collections.abc import Mapping
from threading import Lock
from time import perf_counter

import msgspec

from app_back.log.prediction_log import PredictionLog
from app_back.log.row import LoggedRow, new_id
from app_back.model_holder import LoadedModel, ModelHolder
from readmission.clock import now
from readmission.features import Value, complete_request
from readmission.prediction import LABELS, Place, PredictionResponse

logger = logging.getLogger(__name__)


class Recorder:
    """Writes one row after the other to the log."""

    def __init__(self, log: PredictionLog) -> None:
        self._writer = log.writer()
        self._lock = Lock()

    def record(self, row: LoggedRow) -> Place:
        """Where the row is durable by now; raises LogUnavailableError when it is nowhere."""
        with self._lock:
            return self._writer.write([row])


def predict(sent: Mapping[str, Value], models: ModelHolder, recorder: Recorder) -> PredictionResponse:
    """The answer to the fields that were sent, which is logged by then.

    Raises:
        NoModelError: no model is loaded.
        FieldError: two fields contradict each other.
        LogUnavailableError: the prediction could not be logged, so it is withheld.
    """
    started = perf_counter()
    row = _row(complete_request(sent), models.current())
    place = recorder.record(row)
    milliseconds = (perf_counter() - started) * 1000
    logger.info("prediction %s by version %s in %.1f ms", row.prediction_id, row.model_version, milliseconds)
    return PredictionResponse.model_validate(row._asdict() | {"label": LABELS[row.prediction], "logged": place})


def _row(inputs: dict[str, Value], model: LoadedModel) -> LoggedRow:
    config = model.scorer.config
    probability = model.scorer.score(inputs)
    reference = inputs["encounter_ref"]
    return LoggedRow(
        prediction_id=new_id(),
        created_at=now(),
        encounter_ref=None if reference is None else str(reference),
        inputs=msgspec.json.encode(inputs).decode(),
        prediction=model.scorer.decide(probability),
        probability=probability,
        threshold=config.threshold,
        model_name=model.version.name,
        model_version=model.version.version,
        dataset=config.dataset,
    )
