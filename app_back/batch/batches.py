"""Answers batches, a few at a time in threads of their own, so that single predictions keep their speed.

The order: read the body, check every encounter, score a few hundred at a time, log all in one commit, answer.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import local
from typing import Any

import numpy as np
from msgspec import json

from app_back.batch.bodies import Kind, encounters_of
from app_back.batch.checked import Checked, checked
from app_back.errors import BatchBusyError, BatchTooLongError, refusal_of
from app_back.log.prediction_log import PredictionLog
from app_back.log.row import LoggedRow
from app_back.log.writer import LogWriter
from app_back.metrics import Metrics
from app_back.models.model_holder import ModelHolder
from app_back.models.served_version import LoadedModel
from app_back.predicting.scored import Encounter, scored
from app_back.predicting.shadow import Shadow
from app_back.schemas import FieldRefusal
from readmission.prediction import LABELS, Place

logger = logging.getLogger(__name__)

AT_ONCE = 2
STEP = 250
# What a row more may take the database, beside what a statement may.
LOG_SECONDS_A_ROW = 0.001


class Batches:
    """The threads that answer batches, and the limit of time that each has."""

    def __init__(
        self,
        models: ModelHolder,
        shadow: Shadow,
        log: PredictionLog,
        metrics: Metrics,
        seconds: float,
        wait: float,
    ) -> None:
        self._models = models
        self._shadow = shadow
        self._log = log
        self._metrics = metrics
        self._seconds = seconds
        self._wait = wait
        self._free = AT_ONCE
        self._pool = ThreadPoolExecutor(AT_ONCE, "batch")
        self._own = local()

    def stop(self) -> None:
        """Answers what was accepted, then ends the threads. Blocks: not for the event loop's own thread."""
        self._pool.shutdown()

    @contextmanager
    def place(self) -> Iterator["Deadline"]:
        """A place among the batches that are answered at a time, and when this one must be; for the event loop.

        Raises:
            BatchBusyError: all are taken.
        """
        if not self._free:
            raise BatchBusyError(AT_ONCE)
        self._free -= 1
        try:
            yield Deadline(self._seconds)
        finally:
            self._free += 1

    async def answer(self, body: bytes, kind: Kind, report: bool, request_id: str, deadline: "Deadline") -> bytes:
        """The JSON answer to a batch, all of which is durable by then.

        Raises:
            RefusedError: an encounter is refused, and that was not to be reported; nothing is logged.
            BatchTooLongError: the time is over; nothing is logged.
            NoModelError: no model is loaded.
            LogUnavailableError: neither database nor journal took the batch.
        """
        work = self._pool.submit(self._answer, body, kind, report, request_id, deadline)
        return await asyncio.wrap_future(work)

    def _answer(self, body: bytes, kind: Kind, report: bool, request_id: str, deadline: "Deadline") -> bytes:
        model = self._models.current()
        found = _each(encounters_of(body, kind), deadline)
        refused = {row: each for row, each in enumerate(found, 1) if isinstance(each, list)}
        if refused and not report:
            raise refusal_of(refused)
        encounters = [Encounter(each, request_id) for each in found if not isinstance(each, list)]
        rows = self._logged(encounters, model, deadline) if encounters else ([], None)
        return _told(model, rows, refused, report, len(found))

    def _logged(
        self, encounters: Sequence[Encounter], model: LoadedModel, deadline: "Deadline"
    ) -> tuple[list[LoggedRow], Place]:
        rows, matrices = [], []
        for first in range(0, len(encounters), STEP):
            deadline.check()
            some = scored(encounters[first : first + STEP], model, self._shadow)
            rows += some.rows
            matrices.append(some.matrix)
        deadline.check()
        place = self._writer.write(rows, self._wait + LOG_SECONDS_A_ROW * len(rows))
        self._metrics.answered(rows, np.concatenate(matrices), model.scorer.encoding)
        told = {"request_id": encounters[0].request_id, "model_version": model.version.version, "logged": place}
        logger.info("a batch of %d predictions logged in the %s", len(rows), place, extra=told)
        return rows, place

    @property
    def _writer(self) -> LogWriter:
        """This thread's own."""
        if not hasattr(self._own, "writer"):
            self._own.writer = self._log.writer()
        writer: LogWriter = self._own.writer
        return writer


class Deadline:
    """When a batch must be answered."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self._until - time.monotonic()

    def check(self) -> None:
        """Raises BatchTooLongError when the time is over."""
        if self.left <= 0:
            raise BatchTooLongError(self.seconds)


def _each(sent: Sequence[Any], deadline: Deadline) -> list[Checked]:
    found = []
    for place, each in enumerate(sent):
        if place % STEP == 0:
            deadline.check()
        found.append(checked(each))
    return found


def _told(
    model: LoadedModel,
    logged: tuple[list[LoggedRow], Place | None],
    refused: dict[int, list[FieldRefusal]],
    report: bool,
    total: int,
) -> bytes:
    """The JSON of `BatchResponse`; a test holds the two together."""
    rows, place = logged
    answers = [
        {"prediction_id": row.prediction_id, "probability": row.probability, "prediction": row.prediction}
        | {"label": LABELS[row.prediction]}
        for row in rows
    ]
    config = model.scorer.config
    whole: dict[str, Any] = {
        "model_name": model.version.name,
        "model_version": model.version.version,
        "dataset": config.dataset,
        "threshold": config.threshold,
        "logged": place,
    }
    if not report:
        return json.encode(whole | {"predictions": answers})
    given = iter(answers)
    results = [
        {"row": row, "error": refusal_of({row: refused[row]}).detail.model_dump(exclude_none=True)}
        if row in refused
        else {"row": row, "prediction": next(given)}
        for row in range(1, total + 1)
    ]
    return json.encode(whole | {"results": results})
