"""A look at the registry every few seconds, in a thread of its own."""

from collections.abc import Callable
from threading import Event, Thread

STOP_SECONDS = 5


class Following:
    """The thread; `look` never raises."""

    def __init__(self, look: Callable[[], None], seconds: float, name: str) -> None:
        self._look, self._seconds = look, seconds
        self._stopping = Event()
        self._thread = Thread(target=self._follow, name=name, daemon=True)

    def start(self) -> None:
        """Begins to follow the registry."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, waiting a few seconds for a call that is under way."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._look()
            self._stopping.wait(self._seconds)
