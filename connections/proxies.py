"""Keeps what the platform's services say to each other away from proxies, which are for the internet.

Every HTTP client of the platform and of its parts reads these variables (httpx, requests, urllib, boto3, curl), each in
a way of its own; what they are given here, all of them read alike.
"""

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from connections.addresses import LOOPBACK, is_address

# Variables that were set, and are not passed on: some clients refuse to work at all beside such a value.
UNUSABLE = "READMISSION_UNUSABLE_PROXIES"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_EXCEPTIONS = ("NO_PROXY", "no_proxy")
# What every client can read in a list of exceptions: a name or a part of one, a network, with a port or not.
_EXCEPTION = re.compile(r"[\w.*-]+(:\d{1,5}|/\d{1,2})?")
_NAME = re.compile(r"[\w.-]+")


def past_proxies(hosts: Iterable[str], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables about proxies that a process needs so that its calls to `hosts` and to loopback pass them by.

    A proxy that not every client can use (SOCKS, a malformed address) is left out, and named in `UNUSABLE`.
    """
    found: dict[str, str] = {}
    unusable = set(filter(None, environment.get(UNUSABLE, "").split(",")))
    for name in PROXIES:
        # Where the two cases differ, clients go by the lower one.
        values = [value for value in (environment.get(name.lower()), environment.get(name)) if value]
        if values:
            usable = next(filter(is_usable, values), "")
            found[name] = found[name.lower()] = usable
            unusable = unusable - {name} if usable else unusable | {name}
    exceptions = _exceptions(hosts, environment)
    return found | dict.fromkeys(_EXCEPTIONS, exceptions) | ({UNUSABLE: ",".join(sorted(unusable))} if unusable else {})


def is_usable(proxy: str) -> bool:
    """Whether it is the address of an http(s) proxy, with or without http:// before it."""
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host = parts.hostname or ""
        return parts.scheme in ("http", "https") and parts.port != 0 and bool(is_address(host) or _NAME.fullmatch(host))
    except ValueError:
        return False


def proxy_for(url: str) -> str | None:
    """The variable that names this process's proxy on the way to an address, be it usable or among the `UNUSABLE`."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    for name in (f"{parts.scheme.upper()}_PROXY", "ALL_PROXY"):
        if os.environ.get(name) or os.environ.get(name.lower()) or is_left_out(name):
            return name
    return None


def is_left_out(name: str) -> bool:
    """Whether this process's variable was set to what cannot be used."""
    return name in os.environ.get(UNUSABLE, "").split(",")


def _exceptions(hosts: Iterable[str], environment: Mapping[str, str]) -> str:
    given = [entry for name in _EXCEPTIONS for entry in re.split(r"[,\s]+", environment.get(name, ""))]
    if "*" in given:
        return "*"  # a star among others is not understood by all
    bare = (entry.removeprefix("[").removesuffix("]") for entry in (*LOOPBACK, *hosts, *given))
    return ",".join(dict.fromkeys(entry for entry in bare if is_address(entry) or _EXCEPTION.fullmatch(entry)))
