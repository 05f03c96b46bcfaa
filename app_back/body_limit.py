"""Refuses bodies that no request needs, before they are read into memory."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
# 10,000 encounters with every field have 11 MB.
MAX_BATCH_BYTES = 16 * 1024 * 1024
BATCH_PATH = "/predict/batch"
_LARGER = {BATCH_PATH: MAX_BATCH_BYTES}


def limited(receive: Receive, most: int) -> Receive:
    """A `receive` that raises HTTPException 413 when more than `most` bytes of a body have come, declared or not."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        check(received, most)
        return message

    return counted


def check(received: int, most: int) -> None:
    """Raises HTTPException 413 when so many bytes of a body are more than may come."""
    if received > most:
        raise HTTPException(413, f"the body is larger than {most} bytes")


class BodyLimit:
    """ASGI middleware: no body may be larger than its route allows, `MAX_BODY_BYTES` where that says nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with a `receive` that counts."""
        if scope["type"] == "http":
            receive = limited(receive, _LARGER.get(scope["path"], MAX_BODY_BYTES))
        await self._app(scope, receive, send)
