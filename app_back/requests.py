"""What is seen of every request: its id, how long it took, how it ended. Nothing of what it says is kept."""

import logging
import re
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app_back.log.row import new_id
from app_back.metrics import Metrics

logger = logging.getLogger(__name__)

HEADER = b"x-request-id"
_USABLE = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_NOBODY_ANSWERED = 500


class Seen:
    """One request, from its start to its end."""

    __slots__ = ("_began", "_metrics", "identifier", "status")

    def __init__(self, scope: Scope, metrics: Metrics) -> None:
        self._began = perf_counter()
        self._metrics = metrics
        self.identifier = scope["state"]["request_id"] = _identifier(scope)
        self.status = _NOBODY_ANSWERED
        metrics.in_flight += 1

    @property
    def header(self) -> tuple[bytes, bytes]:
        """What tells the caller the request's id."""
        return HEADER, self.identifier.encode()

    def ended(self, method: str, path: str) -> None:
        """It was answered, or broken off; `path` as it is declared: one that nobody declared may hold anything."""
        seconds = self.counted(path)
        if self.status >= 400:
            told = {"request_id": self.identifier, "status": self.status, "ms": round(seconds * 1000, 1)}
            level = logging.WARNING if self.status >= 500 else logging.INFO
            logger.log(level, "%s %s answered %d", method, path, self.status, extra=told)

    def counted(self, path: str) -> float:
        """It is among the figures from now on; the seconds that it took."""
        seconds = perf_counter() - self._began
        self._metrics.in_flight -= 1
        self._metrics.ended(path, self.status, seconds)
        return seconds


class Requests:
    """ASGI middleware: gives each request an id, the caller's own where it sent one, and returns it in a header."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with a `send` that adds the header and sees the status."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Seen(scope, self._metrics)

        async def seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                message["headers"] = [*message["headers"], request.header]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            request.ended(scope["method"], getattr(scope.get("route"), "path", "other"))


def _identifier(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == HEADER and _USABLE.fullmatch(value):
            sent: bytes = value
            return sent.decode()
    return new_id()
