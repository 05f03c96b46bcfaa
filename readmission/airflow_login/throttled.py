"""What stands before Airflow's API: who guesses at an account's password for a token waits."""

import json
import math

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connections.throttle import Throttle

_TOKENS = ("/auth/token", "/auth/token/cli")
# A name and a password are shorter; what is longer is left to Airflow to refuse, under no name.
_MOST_BYTES = 10_000


class ThrottledTokens:
    """An ASGI application that lets an account's tries to get a token through to another, while they are not too many.

    FAB's own limit (`[fab] auth_rate_limit`) is for the page that people log in on, and leaves the tokens out.
    """

    def __init__(self, app: ASGIApp, throttle: Throttle | None = None) -> None:
        self._app = app
        self._throttle = throttle or Throttle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].rstrip("/").endswith(_TOKENS):
            return await self._app(scope, receive, send)
        messages = await _body(receive)
        who = (_account(messages), scope["client"][0] if scope["client"] else "")
        if wait := self._throttle.try_again_in(who):
            return await _refusal(wait)(scope, receive, send)

        async def and_forget(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                self._throttle.forget(who)
            await send(message)

        async def again() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, again, and_forget)


async def _body(receive: Receive) -> list[Message]:
    """The messages of a request's body, up to the limit."""
    messages: list[Message] = []
    while not messages or (messages[-1].get("more_body") and _size(messages) <= _MOST_BYTES):
        messages.append(await receive())
    return messages


def _size(messages: list[Message]) -> int:
    return sum(len(message.get("body", b"")) for message in messages)


def _account(messages: list[Message]) -> str:
    """The account that is tried, or nothing where the body names none."""
    try:
        body = json.loads(b"".join(message.get("body", b"") for message in messages))
    except ValueError:
        return ""
    name = body.get("username") if isinstance(body, dict) else None
    return name[:256] if isinstance(name, str) else ""


def _refusal(wait: float) -> JSONResponse:
    seconds = math.ceil(wait)
    detail = f"too many tries of this account from this address; try again in {seconds} s"
    return JSONResponse({"detail": detail}, 429, {"Retry-After": str(seconds)})
