"""Whether a prediction would be answered now: the log is asked by a write that is taken back, the model by a score."""

import asyncio
from dataclasses import dataclass, replace
from time import monotonic

from anyio import CapacityLimiter, fail_after, to_thread

from app_back.access.door import Access
from app_back.errors import NoModelError, NotReadyError
from app_back.log.prediction_log import PredictionLog
from app_back.log.state import LogState
from app_back.models.model_holder import ModelHolder
from readmission.features import complete_request

PROBE_SECONDS = 4.0
# One look serves all who ask within this time.
FRESH_SECONDS = 0.5
_DEFAULT = complete_request({})


@dataclass(frozen=True)
class Look:
    """What was found.

    `model` is what keeps predictions from being scored, or None; `begun` whether one ever could; `locked` whether there
    is no key that anybody could ask with.
    """

    log: LogState
    model: str | None
    begun: bool
    registry: str | None
    keys: str | None
    locked: bool

    @property
    def problems(self) -> list[str]:
        """A sentence for each thing that is not well."""
        told = (*self.log.problems, self.keys, self.model, self.registry if self.model is None else None)
        return [f"{problem}." for problem in told if problem is not None]


class Health:
    """Looks at log and model, one look at a time, each within `PROBE_SECONDS`."""

    def __init__(self, log: PredictionLog, models: ModelHolder, access: Access) -> None:
        self._log = log
        self._models = models
        self._access = access
        self._one_at_a_time = asyncio.Lock()
        # Threads of its own: those of the other routes may all wait for a database.
        self._threads = CapacityLimiter(1)
        self._last: Look | None = None
        self._at = 0.0

    async def look(self) -> Look:
        """What a look finds now.

        Raises:
            NotReadyError: it found nothing in time.
        """
        async with self._one_at_a_time:
            if self._last is None or monotonic() - self._at > FRESH_SECONDS:
                self._last = await self._looked()
                self._at = monotonic()
            # What is known without asking anybody is never older than the answer.
            return replace(self._last, log=self._log.state(), keys=self._access.problem, locked=self._access.locked)

    async def _looked(self) -> Look:
        try:
            with fail_after(PROBE_SECONDS):
                log = await to_thread.run_sync(self._log.probe, limiter=self._threads, abandon_on_cancel=True)
                model = await to_thread.run_sync(self._score, limiter=self._threads, abandon_on_cancel=True)
        except TimeoutError:
            self._threads = CapacityLimiter(1)
            raise NotReadyError(f"the checks did not end within {PROBE_SECONDS:.0f} s") from None
        return Look(log, model, self._models.known, self._models.problem, self._access.problem, self._access.locked)

    def _score(self) -> str | None:
        try:
            probability = self._models.current().scorer.score(_DEFAULT)
        except NoModelError as error:
            return error.message
        return None if 0 <= probability <= 1 else f"the model answers {probability}, which is no probability"
