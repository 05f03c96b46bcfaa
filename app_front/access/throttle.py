"""How long a log-in waits after wrong passwords: each page by itself, and all of them together."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

# Wrong passwords that cost nothing: of one page, and of all. Each further one doubles the wait, from a second on.
FREE_OF_A_PAGE = 3
FREE_OF_ALL = 10
LONGEST_SECONDS = 60.0
# After as long without a wrong one, nothing is held against anybody.
FORGOTTEN_SECONDS = 900.0
# Of pages, as many are remembered; a page that is forgotten is still held back with all the others.
REMEMBERED = 1_000


@dataclass
class _Wrong:
    free: int
    count: int = 0
    last: float = 0.0

    def wait(self, now: float) -> float:
        if now - self.last >= FORGOTTEN_SECONDS:
            self.count = 0
        too_many = self.count - self.free
        return max(0.0, self.last + min(2.0**too_many, LONGEST_SECONDS) - now) if too_many >= 0 else 0.0

    def add(self, now: float) -> None:
        self.count, self.last = self.count + 1, now


class Throttle:
    """Wrong passwords of a process, whatever page they came from: a fresh page has its own count, and that of all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._all = _Wrong(FREE_OF_ALL)
        self._pages: OrderedDict[str, _Wrong] = OrderedDict()

    def try_again_in(self, page: str) -> float:
        """Counts a wrong password in advance, so that tries at the same moment count too, and gives 0.

        Where there were too many it counts none, and gives the seconds to wait: nothing may be compared then.
        """
        with self._lock:
            now, own = self._clock(), self._of(page)
            wait = max(own.wait(now), self._all.wait(now))
            if wait > 0:
                return wait
            own.add(now)
            self._all.add(now)
            return 0.0

    def was_right(self, page: str) -> None:
        """Takes back what was counted in advance; what others got wrong stays."""
        with self._lock:
            self._pages.pop(page, None)
            self._all.count = max(0, self._all.count - 1)

    @property
    def wrong(self) -> int:
        """How many wrong passwords are held against all."""
        return self._all.count

    def _of(self, page: str) -> _Wrong:
        own = self._pages.setdefault(page, _Wrong(FREE_OF_A_PAGE))
        self._pages.move_to_end(page)
        while len(self._pages) > REMEMBERED:
            self._pages.popitem(last=False)
        return own
