"""A limit of time on what a server may take, whatever it is that it does not do."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Thread


class Limits:
    """Cuts connections whose limit has passed, from one thread, so that whoever waits on one of them is let go.

    A socket's own timeout begins anew with each piece that arrives, and with each of a handshake's many steps.
    """

    def __init__(self) -> None:
        self._ends: dict[socket.socket, float] = {}
        self._changed = Condition()
        self._next = float("inf")
        self._closed = False
        self._thread = Thread(target=self._watch, name="log-time-limits", daemon=True)
        self._thread.start()

    @contextmanager
    def until(self, end: float, connection: socket.socket) -> Iterator[None]:
        """Cuts the connection if the block still runs at `end`, in seconds of `time.monotonic`."""
        with self._changed:
            self._ends[connection] = end
            if end < self._next:
                self._changed.notify()
        try:
            yield
        finally:
            # Not under the lock: taking one key out is atomic, and the thread looks again before it cuts.
            self._ends.pop(connection, None)

    def close(self) -> None:
        """Ends the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                self._next = min(self._ends.copy().values(), default=float("inf"))
                self._changed.wait(max(self._next - time.monotonic(), 0.0) if self._ends else None)
                self._cut(time.monotonic())

    def _cut(self, now: float) -> None:
        for connection, end in self._ends.copy().items():
            if end <= now and self._ends.pop(connection, None) is not None:
                with suppress(OSError):  # it was closed meanwhile
                    connection.shutdown(socket.SHUT_RDWR)
