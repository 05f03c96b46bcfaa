"""A log-in stays at the name and port that a person came by."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RelativeRedirects:
    """An ASGI application whose redirects to `base_url` lead there from wherever another was asked.

    Who is forwarded to a port, or came by another name of the machine, would be sent on without the session.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._base = base_url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def relative(message: Message) -> None:
            if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
                headers = MutableHeaders(scope=message)
                there = headers.get("location", "")
                if there == self._base or there.startswith(f"{self._base}/"):
                    headers["location"] = there.removeprefix(self._base) or "/"
            await send(message)

        await self._app(scope, receive, relative)
