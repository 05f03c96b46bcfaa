"""Answers predictions in groups: what waits together is scored together, logged by one commit, and answered after it.

A writer thread that is idle takes all that waits. While it commits, the next group gathers, so that the more requests
come, the fewer commits each of them costs.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter

from app_back.errors import BusyError, ServiceError
from app_back.log.prediction_log import PredictionLog
from app_back.log.writer import LogWriter
from app_back.metrics import Metrics
from app_back.models.model_holder import ModelHolder
from app_back.predicting.scored import Encounter, answer_of, scored
from app_back.predicting.shadow import Shadow
from readmission.prediction import Place

logger = logging.getLogger(__name__)

MAX_GROUP = 256


@dataclass(slots=True, frozen=True)
class _Waiting:
    encounter: Encounter
    answer: "asyncio.Future[bytes]"
    since: float


Outcome = bytes | Exception


class GroupCommit:
    """The queue of the requests that wait, and the threads that answer them."""

    def __init__(self, models: ModelHolder, shadow: Shadow, log: PredictionLog, metrics: Metrics, limit: int) -> None:
        self._models = models
        self._shadow = shadow
        self._log = log
        self._metrics = metrics
        self._limit = limit
        self._gathered: list[_Waiting] = []
        self._queue: SimpleQueue[list[_Waiting]] = SimpleQueue()
        self._unanswered = 0
        writers = log.best_writers
        self._threads = [Thread(target=self._write, name=f"writer-{number}", daemon=True) for number in range(writers)]
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Starts the writers; answers go to the event loop that runs."""
        self._loop = asyncio.get_running_loop()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Answers what was accepted, then ends the writers. Blocks: not for the event loop's own thread."""
        for _ in self._threads:
            self._queue.put([])
        for thread in self._threads:
            thread.join()

    async def answer(self, encounter: Encounter) -> bytes:
        """The JSON answer for an encounter, which is durable by then.

        Raises:
            BusyError: as many requests wait as may.
            NoModelError: no model is loaded.
            LogUnavailableError: neither database nor journal took the prediction.
        """
        if self._unanswered >= self._limit:
            raise BusyError(self._limit)
        self._models.current()
        assert self._loop is not None, "started before the first request"
        waiting = _Waiting(encounter, self._loop.create_future(), perf_counter())
        self._unanswered += 1
        if not self._gathered:
            # After all that the loop has at hand: what came together wakes one writer, once.
            self._loop.call_soon(self._hand_over)
        self._gathered.append(waiting)
        try:
            return await waiting.answer
        finally:
            self._unanswered -= 1

    def _hand_over(self) -> None:
        self._queue.put(self._gathered)
        self._gathered = []

    def _write(self) -> None:
        assert self._loop is not None
        writer = self._log.writer()
        while group := self._next_group():
            self._loop.call_soon_threadsafe(_settle, group, self._outcomes(group, writer))

    def _next_group(self) -> list[_Waiting]:
        """All that waits, or the first that comes; nothing when this writer is to end."""
        group = self._queue.get()
        with suppress(Empty):
            while group and len(group) < MAX_GROUP:
                if not (following := self._queue.get_nowait()):
                    self._queue.put([])  # that was the end of a writer, and this one has work yet
                    break
                group += following
        return group

    def _outcomes(self, group: Sequence[_Waiting], writer: LogWriter) -> Sequence[Outcome]:
        try:
            return self._answers(group, writer)
        except ServiceError as error:
            return [error] * len(group)
        except Exception as error:
            if len(group) == 1:
                return [error]
            # One that cannot be scored does not take the others with it.
            return [outcome for alone in group for outcome in self._outcomes([alone], writer)]

    def _answers(self, group: Sequence[_Waiting], writer: LogWriter) -> list[Outcome]:
        model = self._models.current()
        rows, matrix = scored([waiting.encounter for waiting in group], model, self._shadow)
        place = writer.write(rows)
        self._tell(group, model.version.version, place, [row.prediction_id for row in rows])
        self._metrics.answered(rows, matrix, model.scorer.encoding)
        return [answer_of(row, place) for row in rows]

    def _tell(self, group: Sequence[_Waiting], version: str, place: Place, identifiers: Sequence[str]) -> None:
        """One log line for the group, which names each request and its prediction."""
        if logger.isEnabledFor(logging.INFO):
            at = perf_counter()
            answers = [
                {"request_id": each.encounter.request_id, "prediction_id": identifier, "ms": _ms(at - each.since)}
                for each, identifier in zip(group, identifiers, strict=True)
            ]
            told = {"model_version": version, "logged": place, "answers": answers}
            logger.info("%d predictions by version %s logged in the %s", len(group), version, place, extra=told)


def _settle(group: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
    """Gives each request its outcome; one that was broken off meanwhile needs none."""
    for waiting, outcome in zip(group, outcomes, strict=True):
        if not waiting.answer.done():
            settle: Callable[..., None] = (
                waiting.answer.set_exception if isinstance(outcome, Exception) else waiting.answer.set_result
            )
            settle(outcome)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
