"""Refuses bodies that no request needs, before they are read into memory."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024


def limited(receive: Receive, most: int) -> Receive:
    """A `receive` that raises HTTPException 413 when more than `most` bytes of a body have come, declared or not."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise HTTPException(413, f"the body is larger than {most} bytes")
        return message

    return counted


class BodyLimit:
    """ASGI middleware: no body may be larger than `MAX_BODY_BYTES`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with a `receive` that counts."""
        await self._app(scope, limited(receive, MAX_BODY_BYTES) if scope["type"] == "http" else receive, send)
