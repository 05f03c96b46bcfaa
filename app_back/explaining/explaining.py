"""Answers what a person asks about one risk, in a thread of its own, so that plain predictions keep their speed.

A risk that is explained is a prediction: it is logged before it is answered, as every other.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from msgspec import json

from app_back.errors import BusyError, NoReasonsError
from app_back.explaining.asked import Asked
from app_back.explaining.reasons import contributions_of, reasons_of
from app_back.explaining.what_if import what_if
from app_back.log.prediction_log import PredictionLog
from app_back.metrics import Metrics
from app_back.models.model_holder import ModelHolder
from app_back.predicting.scored import Encounter, scored, told_of
from app_back.predicting.shadow import Shadow
from readmission.features import Value

logger = logging.getLogger(__name__)


class Explaining:
    """The thread that explains, and what waits for it."""

    def __init__(self, models: ModelHolder, shadow: Shadow, log: PredictionLog, metrics: Metrics, limit: int) -> None:
        self._models = models
        self._shadow = shadow
        self._metrics = metrics
        self._limit = limit
        self._waiting = 0
        self._writer = log.writer()
        self._thread = ThreadPoolExecutor(1, "explaining")

    def stop(self) -> None:
        """Answers what was accepted, then ends the thread. Blocks: not for the event loop's own thread."""
        self._thread.shutdown()

    async def explained(self, encounter: Encounter, asked: Asked, whole: bool) -> bytes:
        """The JSON answer for an encounter with its reasons, which is durable by then; `whole` adds every field's.

        Raises:
            BusyError: as many requests wait as may.
            NoModelError: no model is loaded.
            NoReasonsError: the version cannot be explained; nothing is logged.
            LogUnavailableError: neither database nor journal took the prediction.
        """
        return await self._later(lambda: self._explained(encounter, asked, whole))

    async def what_if(self, inputs: Mapping[str, Value], asked: Asked) -> bytes:
        """The JSON answer with the risks of the encounters that differ in one value; nothing is logged.

        Raises:
            BusyError: as many requests wait as may.
            NoModelError: no model is loaded.
        """
        return await self._later(lambda: what_if(inputs, self._models.current(), asked))

    async def _later(self, work: Callable[[], bytes]) -> bytes:
        if self._waiting >= self._limit:
            raise BusyError(self._limit)
        self._waiting += 1
        try:
            return await asyncio.wrap_future(self._thread.submit(work))
        finally:
            self._waiting -= 1

    def _explained(self, encounter: Encounter, asked: Asked, whole: bool) -> bytes:
        model = self._models.current()
        attribution = model.scorer.attribution
        if attribution is None:
            raise NoReasonsError(model.version.version)
        (row,), matrix = rows, _ = scored([encounter], model, self._shadow)
        base, by_field = attribution.explain(matrix, np.array([row.probability]))
        contributions = contributions_of(attribution.fields, by_field[0], encounter.inputs, asked)
        place = self._writer.write(rows)
        self._metrics.answered(rows, matrix, model.scorer.encoding)
        told = {"request_id": encounter.request_id, "prediction_id": row.prediction_id, "logged": place}
        logger.info("1 prediction by version %s explained, logged in the %s", row.model_version, place, extra=told)
        more = {"contributions": contributions} if whole else {}
        return json.encode({**told_of(row, place), "reasons": reasons_of(base, contributions), **more})
