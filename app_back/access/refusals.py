"""Why a request is refused before it is read."""

from collections.abc import Mapping

from app_back.errors import ServiceError


class AccessError(ServiceError):
    """Whoever asks may not: the message says why, and repeats nothing that was sent."""

    retry_seconds: int | None = None
    key: str | None = None


class KeyMissingError(AccessError):
    """There is no key, or none that is known."""

    code = "unauthorized"
    status = 401

    def __init__(self, sent: bool) -> None:
        what = "the API key is not known here, or was revoked" if sent else "an API key is needed"
        super().__init__(f"{what}; send one in the header X-API-Key (`readmission keys create NAME` makes one)")

    @property
    def headers(self) -> Mapping[str, str]:
        """What a client that knows HTTP's logins understands."""
        return {"WWW-Authenticate": "Bearer"}


class RoleError(AccessError):
    """The key's role does not reach so far."""

    code = "forbidden"
    status = 403

    def __init__(self, key: str, role: str, needed: str) -> None:
        super().__init__(f"the key {key} has the role {role}; this needs {needed}")
        self.key = key


class LimitError(AccessError):
    """The key asked more often than it may."""

    code = "limit_reached"
    status = 429

    def __init__(self, key: str, limit: int, seconds: int) -> None:
        super().__init__(f"the key {key} may send {limit} requests a minute; send this one again after Retry-After")
        self.key = key
        self.retry_seconds = seconds


class HostError(AccessError):
    """The request names a host that this service is not."""

    code = "unknown_host"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "the header Host is no name of this service; PUBLIC_HOST and OTHER_HOSTS say which names it has"
        )


class OriginError(AccessError):
    """A page of another site had a browser send it."""

    code = "foreign_origin"
    status = 403

    def __init__(self) -> None:
        super().__init__("a page of another site sent this; only pages of this service's own address may")
