"""How often a key may ask: a bucket a key, which a minute fills."""

from math import ceil
from time import monotonic

from app_back.access.refusals import LimitError


class Limits:
    """The buckets of one process; every key has its own. A limit of 0 is none."""

    def __init__(self, a_minute: int) -> None:
        self._limit = a_minute
        self._a_second = a_minute / 60
        self._left: dict[str, tuple[float, float]] = {}

    def check(self, key: str) -> None:
        """Counts a request of the key of that name.

        Raises:
            LimitError: it was one too many.
        """
        if not self._limit:
            return
        now = monotonic()
        left, since = self._left.get(key, (float(self._limit), now))
        left = min(self._limit, left + (now - since) * self._a_second)
        self._left[key] = (max(left - 1, left % 1), now)
        if left < 1:
            raise LimitError(key, self._limit, ceil((1 - left) / self._a_second))
