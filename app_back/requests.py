"""What is seen of every request: its id, how long it took, how it ended. Nothing of what it says is kept."""

import logging
import re
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid6 import uuid7

from app_back.metrics import Metrics

logger = logging.getLogger(__name__)

HEADER = b"x-request-id"
_USABLE = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_NOBODY_ANSWERED = 0


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
        scope["state"]["request_id"] = identifier = _identifier(scope)
        header, status = (HEADER, identifier.encode()), _NOBODY_ANSWERED

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        began = perf_counter()
        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, seen)
        finally:
            self._metrics.in_flight.dec()
            self._ended(scope, status or 500, perf_counter() - began)

    def _ended(self, scope: Scope, status: int, seconds: float) -> None:
        path = _route(scope)
        self._metrics.ended(path, status, seconds)
        if status >= 400:
            told = {"request_id": request_id_of(scope), "status": status, "ms": round(seconds * 1000, 1)}
            level = logging.WARNING if status >= 500 else logging.INFO
            logger.log(level, "%s %s answered %d", scope["method"], path, status, extra=told)


def request_id_of(scope: Scope) -> str:
    """The id that the request was given."""
    identifier: str = scope["state"]["request_id"]
    return identifier


def _identifier(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == HEADER and _USABLE.fullmatch(value):
            sent: bytes = value
            return sent.decode()
    return str(uuid7())


def _route(scope: dict[str, Any] | Scope) -> str:
    """The path as it is declared: one that nobody declared may hold anything."""
    path: str = getattr(scope.get("route"), "path", "other")
    return path
