"""What stands before MLflow's server: who asks is known, is not guessing passwords, and may ask for that."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from access import Level, level_of, stays_inside
from logins import Login, Logins, TooManyTriesError, login_in
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from mlflow.server.auth.entities import User

logger = logging.getLogger("uvicorn.guard")

_NO_LOGIN = "MLflow asks for a name and a password: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
_WRONG_LOGIN = "MLflow knows no account of that name and password"


class Guard:
    """An ASGI application that lets through to another what an account may ask for."""

    def __init__(self, app: ASGIApp, logins: Logins) -> None:
        self._app = app
        self._logins = logins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        if scope["type"] == "http" and (refusal := await self._refusal(scope)):
            return await refusal(scope, receive, send)
        await self._app(scope, receive, send)

    async def _refusal(self, scope: Scope) -> JSONResponse | None:
        """The answer to a request that is not let through."""
        if _is_of_another_page(scope):
            return _refused(403, "PERMISSION_DENIED", "MLflow is asked by its own pages, and not by another site's")
        wanted = level_of(scope["method"], scope["path"])
        if wanted is Level.OPEN:
            return None
        login = login_in(_authorization(scope))
        if login is None:
            return _refused(401, "UNAUTHENTICATED", _NO_LOGIN, {"WWW-Authenticate": 'Basic realm="mlflow"'})
        return await self._refusal_of(login, wanted, scope)

    async def _refusal_of(self, login: Login, wanted: Level | None, scope: Scope) -> JSONResponse | None:
        address = scope["client"][0] if scope["client"] else ""
        try:
            user = await self._logins.account(login, address)
        except TooManyTriesError as error:
            _tell(429, login, address, scope)
            again = f"too many tries of this account from this address; try again in {error.seconds} s"
            return _refused(429, "REQUEST_LIMIT_EXCEEDED", again, {"Retry-After": str(error.seconds)})
        if user is None:
            _tell(401, login, address, scope)
            return _refused(401, "UNAUTHENTICATED", _WRONG_LOGIN, {"WWW-Authenticate": 'Basic realm="mlflow"'})
        if wanted is None:
            _tell(404, login, address, scope)
            return _refused(404, "ENDPOINT_NOT_FOUND", "MLflow has no such part here: the platform has no use for it")
        if why := await self._why_not(user, wanted, scope):
            _tell(403, login, address, scope)
            return _refused(403, "PERMISSION_DENIED", why)
        return None

    async def _why_not(self, user: "User", wanted: Level, scope: Scope) -> str | None:
        if wanted > Level.READ and await self._logins.level(user) < wanted:
            return f"the account {user.username} may not {_DOES[wanted]}"
        if not stays_inside(scope["path"], scope["query_string"].decode("latin-1")):
            return "a path of an artifact stays below MLflow's own"
        return None


_DOES = {Level.WRITE: "write", Level.ADMIN: "do what is the admin's"}


def _is_of_another_page(scope: Scope) -> bool:
    """Whether a browser asks, which keeps a person's login, for a page of another site or port of this machine: any
    but a link that leads here."""
    headers = dict(scope["headers"])
    follows_a_link = scope["method"] == "GET" and headers.get(b"sec-fetch-mode") == b"navigate"
    return headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin") and not follows_a_link


def _authorization(scope: Scope) -> bytes | None:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    return found[0] if len(found) == 1 else None


def _refused(status: int, code: str, why: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A refusal in the form of MLflow's own errors, which its client tells as they are."""
    return JSONResponse({"error_code": code, "message": why}, status, headers)


def _tell(status: int, login: Login, address: str, scope: Scope) -> None:
    """Says in the log who was refused what, without the password."""
    logger.warning("refused with %d: %r from %s: %s %r", status, login.name, address, scope["method"], scope["path"])
