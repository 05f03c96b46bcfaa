"""Who asks: the account behind a request's name and password, and what it may do."""

import base64
import binascii
import hmac
import math
import secrets
from typing import TYPE_CHECKING, NamedTuple

import anyio
from access import Level
from accounts import WRITERS
from mlflow.exceptions import MlflowException

from connections.throttle import Throttle, Who

if TYPE_CHECKING:
    from mlflow.server.auth.entities import User
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore as Store


class Login(NamedTuple):
    """A name and a password, as they came."""

    name: str
    password: str


class TooManyTriesError(Exception):
    """The account is tried too often from that address; `seconds` says when it may be again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = math.ceil(seconds)


def login_in(authorization: bytes | None) -> Login | None:
    """The login in a header of basic authentication, or None where there is none."""
    scheme, _, encoded = (authorization or b"").partition(b" ")
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Login(name, password) if scheme.lower() == b"basic" and colon else None


class Logins:
    """The accounts, as requests prove themselves to be them.

    MLflow's hash of a password is slow, so that it is computed once: after that the password is known by a digest with
    a key of this process's own, for as long as the account has that hash. Who is known is not throttled.
    """

    def __init__(self, store: "Store", throttle: Throttle) -> None:
        self._store = store
        self._throttle = throttle
        self._key = secrets.token_bytes(32)
        self._known: dict[str, bytes] = {}
        # Each computation takes 32 MB.
        self._hashing = anyio.CapacityLimiter(2)

    async def account(self, login: Login, address: str) -> "User | None":
        """The account of a login, or None where there is no such one.

        Raises:
            TooManyTriesError: it was tried too often from this address.
        """
        user = await anyio.to_thread.run_sync(self._find, login.name)
        digest = hmac.digest(self._key, f"{user and user.password_hash}\0{login.password}".encode(), "sha256")
        if user and hmac.compare_digest(self._known.get(login.name, b""), digest):
            return user
        who: Who = (login.name, address)
        if wait := self._throttle.try_again_in(who):
            raise TooManyTriesError(wait)
        if user is None or not await self._is_right(login):
            return None
        self._throttle.forget(who)
        self._known[login.name] = digest
        return user

    async def _is_right(self, login: Login) -> bool:
        return await anyio.to_thread.run_sync(self._store.authenticate_user, *login, limiter=self._hashing)

    async def level(self, user: "User") -> Level:
        """What an account may do."""
        return await anyio.to_thread.run_sync(self._level, user)

    def _find(self, name: str) -> "User | None":
        try:
            return self._store.get_user(name)
        except MlflowException:
            return None

    def _level(self, user: "User") -> Level:
        if user.is_admin:
            return Level.ADMIN
        may_write = any(role.name == WRITERS for role in self._store.list_user_roles(user.id))
        return Level.WRITE if may_write else Level.READ
