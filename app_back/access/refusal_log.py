"""Tells of refusals in the log, and no more of them than a person reads: a flood of bad keys does not fill a disk."""

import logging
from dataclasses import dataclass
from time import monotonic

from app_back.access.refusals import AccessError

logger = logging.getLogger(__name__)

LINES = 10
SECONDS = 60.0

# Code, name of the key if that is known, and declared route: there are only so many.
_Kind = tuple[str, str | None, str]


@dataclass
class _Told:
    since: float
    count: int = 0


class RefusalLog:
    """A line a refusal, for the first `LINES` of a kind in a minute; of the others, how many there were."""

    def __init__(self) -> None:
        self._told: dict[_Kind, _Told] = {}

    def tell(self, refusal: AccessError, request_id: str, method: str, route: str) -> None:
        """A request was refused."""
        kind = (refusal.code, refusal.key, route)
        told = self._told.setdefault(kind, _Told(monotonic()))
        told.count += 1
        if told.count <= LINES:
            given = {"request_id": request_id, "status": refusal.status, "key": refusal.key}
            logger.warning("%s %s refused: %s", method, route, refusal.code, extra=given)

    def end_minutes(self, now: float | None = None) -> None:
        """Tells how many refusals were left out, where a minute is over; to be called now and then."""
        now = monotonic() if now is None else now
        for kind, told in [each for each in self._told.items() if now - each[1].since >= SECONDS]:
            del self._told[kind]
            if left_out := max(0, told.count - LINES):
                code, key, route = kind
                logger.warning("%d more requests to %s refused: %s", left_out, route, code, extra={"key": key})
