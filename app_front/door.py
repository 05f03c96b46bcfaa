"""The one place where a request is let through to Streamlit, before anything of it is read."""

import logging

from starlette.types import ASGIApp, Receive, Scope, Send

from connections.addresses import asks_for, is_own_page

logger = logging.getLogger(__name__)

_POLICY_VIOLATION = 1008
# Of what is refused, as much is told: a flood of it fills no disk.
_MOST_TOLD = 100


class Door:
    """ASGI middleware: answers only who asks for the form by a name of its own, and of pages only its own.

    Streamlit by itself takes any name, and pages of every port of this machine.
    """

    def __init__(self, app: ASGIApp, names: tuple[str, ...]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket is refused before it is opened."""
        why = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if why is None:
            await self._app(scope, receive, send)
            return
        self._tell(why)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": f"{why}\n".encode()})

    def _refusal(self, scope: Scope) -> str | None:
        sent = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")}
        host, origin = sent.get(b"host", ""), sent.get(b"origin")
        if not asks_for(host, self._names):
            return f"refused: Host {host[:100]!r} is no name of the form's (PUBLIC_HOST, OTHER_HOSTS)"
        if origin is not None and not is_own_page(origin, host):
            return f"refused: a page of {origin[:100]!r} asks the form at {host[:100]!r}"
        return None

    def _tell(self, why: str) -> None:
        if why not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(why)
            logger.warning(why)
