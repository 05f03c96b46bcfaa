"""Until when somebody who logged in is in: while they use the form, and no longer than a shift."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from readmission.clock import epoch, now


@dataclass
class _Session:
    began: float
    used: float
    left: bool = False


def _now() -> float:
    return epoch(now())


class Sessions:
    """The log-ins of a process, by a name that nobody can guess. One that ended stays known until it is too old."""

    def __init__(self, idle_seconds: float, longest_seconds: float, clock: Callable[[], float] = _now) -> None:
        self._idle = idle_seconds
        self._longest = longest_seconds
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, _Session] = {}

    def begin(self, name: str, began: float | None = None) -> bool:
        """Takes up a log-in, of now or of earlier (seconds since 1970), and says whether it was not known.

        One that is known stays as it is: what has ended does not begin again.
        """
        with self._lock:
            now = self._clock()
            self._known = {
                other: session for other, session in self._known.items() if now - session.began < self._longest
            }
            since = now if began is None else min(began, now)
            return self._known.setdefault(name, session := _Session(since, since)) is session

    def seconds_left(self, name: str) -> float:
        """For how long a log-in holds unless it is used; 0 where it does not, or is not known."""
        with self._lock:
            return self._left(name)

    def use(self, name: str) -> float:
        """Somebody does something: for how long the log-in holds from now on; 0 where it does not any more."""
        with self._lock:
            if self._left(name) > 0:
                self._known[name].used = self._clock()
            return self._left(name)

    def end(self, name: str) -> None:
        """Somebody logged out."""
        with self._lock:
            if name in self._known:
                self._known[name].left = True

    def _left(self, name: str) -> float:
        session = self._known.get(name)
        if session is None or session.left:
            return 0.0
        return max(0.0, min(session.used + self._idle, session.began + self._longest) - self._clock())
