"""Whether a request is meant for this service: what keeps a page of somebody's from using a person's browser.

A page whose name was made to lead here (DNS rebinding) sends that name as Host. An address in its place cannot be such
a page's, so that probes by a pod's address and people who type one are answered.
"""

import re
from collections.abc import Iterable

from app_back.access.refusals import HostError, OriginError
from connections.addresses import bare, is_address

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
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
        if not self._is_ours(host.decode("latin-1")):
            raise HostError
        if len(self._accepted) < _MOST_REMEMBERED:
            self._accepted.add(host)

    def _is_ours(self, value: str) -> bool:
        found = _HOST.fullmatch(value)
        name = bare(found[1]).lower().rstrip(".") if found else ""
        return name in self._names or is_address(name)


def check_origin(method: str, origin: bytes, host: bytes) -> None:
    """Raises OriginError when a page of another address sends what may change something."""
    if method not in _READ_ONLY and origin.lower() not in (b"http://" + host.lower(), b"https://" + host.lower()):
        raise OriginError
