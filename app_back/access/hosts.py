"""Whether a request is meant for this service: what keeps a page of somebody's from using a person's browser."""

from collections.abc import Iterable

from app_back.access.refusals import HostError, OriginError
from connections.addresses import asks_for, is_own_page

_READ_ONLY = frozenset(("GET", "HEAD", "OPTIONS"))
_MOST_REMEMBERED = 1_000


class Hosts:
    """The names that the service answers under, on whatever port."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._accepted: set[bytes] = set()

    def check(self, host: bytes) -> None:
        """Raises HostError when a Host header names somebody else."""
        if host in self._accepted:
            return
        if not asks_for(host.decode("latin-1"), self._names):
            raise HostError
        if len(self._accepted) < _MOST_REMEMBERED:
            self._accepted.add(host)


def check_origin(method: str, origin: bytes, host: bytes) -> None:
    """Raises OriginError when a page of another address sends what may change something."""
    if method not in _READ_ONLY and not is_own_page(origin.decode("latin-1"), host.decode("latin-1")):
        raise OriginError
