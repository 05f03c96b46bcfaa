"""The one place where every request is let in or refused, before anything of its body is read."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app_back.access.hosts import Hosts, check_origin
from app_back.access.keys import Keys
from app_back.access.limits import Limits
from app_back.access.refusal_log import RefusalLog
from app_back.access.refusals import AccessError
from app_back.access.roles import declared, needed
from app_back.errors import answer_to
from app_back.metrics import Metrics
from app_back.requests import Seen
from connections.settings import Settings

_BEARER = b"bearer "


class Access:
    """What requests are held against."""

    def __init__(self, settings: Settings) -> None:
        self._keys = Keys(settings.keys_file) if settings.api_auth == "on" else None
        self._hosts = Hosts(settings.names)
        self._limits = Limits(settings.api_key_requests_per_minute)
        self.refusals = RefusalLog()

    @property
    def problem(self) -> str | None:
        """A sentence on what is wrong with the keys, if anything is."""
        return self._keys.problem if self._keys is not None else None

    @property
    def locked(self) -> bool:
        """Whether there is no key that anybody could come in with."""
        return self._keys is not None and not self._keys.some

    def look(self) -> None:
        """Takes up what has changed; to be called once before the first request, and then every second."""
        if self._keys is not None:
            self._keys.look()
        self.refusals.end_minutes()

    def check(self, scope: Scope) -> None:
        """Lets a request in.

        Raises:
            AccessError: it is refused.
        """
        sent = bearer = origin = None
        host = b""
        for name, value in scope["headers"]:
            if name == b"host":
                self._hosts.check(value)
                host = value
            elif name == b"x-api-key":
                sent = value
            elif name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
                bearer = value[len(_BEARER) :].strip()
            elif name == b"origin":
                origin = value
        if origin is not None:
            check_origin(scope["method"], origin, host)
        role = needed(scope["path"])
        if role is not None and self._keys is not None:
            self._limits.check(self._keys.check(bearer if sent is None else sent, role))


class Door:
    """ASGI middleware, before all others: passes on what is let in, and answers what is not."""

    def __init__(self, app: ASGIApp, access: Access, metrics: Metrics) -> None:
        self._app = app
        self._access = access
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A few microseconds for a request that is let in."""
        if scope["type"] == "http":
            try:
                self._access.check(scope)
            except AccessError as refusal:
                await self._refuse(refusal, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _refuse(self, refusal: AccessError, scope: Scope, receive: Receive, send: Send) -> None:
        request, route = Seen(scope, self._metrics), declared(scope["path"])
        answer = answer_to(refusal)
        request.status = answer.status_code
        answer.raw_headers.append(request.header)
        try:
            await answer(scope, receive, send)
        finally:
            request.counted(route)
            self._access.refusals.tell(refusal, request.identifier, scope["method"], route)
