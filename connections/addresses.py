"""Under which names people and programs reach what listens on this machine.

Standard library alone: MLflow's image and `make up`, which come before any environment, use it too.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address

LOOPBACK = ("localhost", "127.0.0.1", "::1")
# What a socket that is open to every network of the machine is bound to.
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
# Addresses of the documentation networks (RFC 5737, RFC 3849): nothing is sent there, the system only picks a way.
_FAR_AWAY = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_GET_ADDRESS = 0x8915  # SIOCGIFADDR
_HOST_HEADER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def host_name(value: str) -> str:
    """A name or an address as browsers write it: in lower case, and without the brackets of IPv6.

    Raises:
        ValueError: it is neither, or holds more than that.
    """
    host = bare(value).lower()
    named = (host[-1:].isalpha() or "." not in host) and all(map(_LABEL.fullmatch, host.split(".")))
    if (named or is_address(host)) and host not in EVERY_ADDRESS:
        return host
    raise ValueError(f"{value!r} is no name or address of a machine: no http://, port, path or space belongs to it")


def bare(host: str) -> str:
    """The host without the brackets that IPv6 has in addresses of the web and in Compose's settings."""
    return host[1:-1] if re.fullmatch(r"\[.*:.*\]", host) else host


def host_names(value: str) -> tuple[str, ...]:
    """The names and addresses of a list with commas.

    Raises:
        ValueError: one of them is neither.
    """
    return tuple(host_name(part.strip()) for part in value.split(",") if part.strip())


def is_address(host: str) -> bool:
    """Whether it is an IP address, without brackets."""
    with suppress(ValueError):
        return bool(ip_address(host))
    return False


def asks_for(host: str, own_names: Collection[str]) -> bool:
    """Whether a Host header names one of these (in lower case), on whatever port, or an address in figures.

    A page whose name was made to lead here (DNS rebinding) sends that name. An address in its place cannot be such a
    page's, so that probes by a pod's address and people who type one are answered.
    """
    found = _HOST_HEADER.fullmatch(host)
    name = bare(found[1]).lower().rstrip(".") if found else ""
    return name in own_names or is_address(name)


def is_own_page(origin: str, host: str) -> bool:
    """Whether the page of an Origin header is of the address that it asks, which its Host header names."""
    return origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to it."""
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


def in_url(host: str) -> str:
    """The host as a part of an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def shown(bind_address: str, public_host: str | None) -> str:
    """The host under which people are told to open what listens on `bind_address`: one that opens."""
    if public_host or bind_address not in EVERY_ADDRESS:
        return public_host or bind_address
    own = (address for address in outward_addresses() if (":" in address) == (":" in bind_address))
    return next(own, EVERY_ADDRESS[bind_address])


def names(bind_address: str, public_host: str | None, others: Iterable[str] = ()) -> tuple[str, ...]:
    """Every name and address under which what listens on `bind_address` may be asked for."""
    own = machine_names() if bind_address in EVERY_ADDRESS else (bind_address,)
    return tuple(dict.fromkeys((*LOOPBACK, *filter(None, (public_host,)), *others, *own)))


@lru_cache
def machine_names() -> tuple[str, ...]:
    """This machine's names and addresses, as far as it knows them itself."""
    name = socket.gethostname().lower()
    found = {name, *outward_addresses(), *_interface_addresses()}
    with suppress(OSError):  # a name that nothing resolves
        for _, _, _, canonical, where in socket.getaddrinfo(name, None, flags=socket.AI_CANONNAME):
            found |= {canonical.lower(), str(where[0]).partition("%")[0]}
    return tuple(sorted(filter(None, found)))


@lru_cache
def outward_addresses() -> tuple[str, ...]:
    """This machine's addresses on the ways that lead out of it."""
    found = []
    for family, far_away in _FAR_AWAY:
        # Where no way of this family leads out, there is no address on it.
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far_away, 9))
            found.append(str(probe.getsockname()[0]))
    return tuple(found)


def _interface_addresses() -> Iterator[str]:
    """The first IPv4 address of each network interface, where the system is Linux."""
    with suppress(ImportError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        from fcntl import ioctl

        for _, name in socket.if_nameindex():
            with suppress(OSError):  # an interface without an address
                answer = ioctl(probe, _GET_ADDRESS, name.encode().ljust(256, b"\0"))
                yield socket.inet_ntoa(answer[20:24])


def mlflow_protection(hosts: Iterable[str], ports: Iterable[int]) -> dict[str, str]:
    """The variables with which MLflow answers under these names on any port, and to pages of its own on `ports`.

    Host headers are matched as patterns, in which a bracket begins a choice of letters.
    """
    written = [in_url(host) for host in hosts]
    patterns = [f"{host.replace('[', '[[]')}:*" for host in written]
    suffixes = ("", *(f":{port}" for port in sorted(set(ports))))
    origins = [f"{scheme}://{host}{suffix}" for host in written for scheme in ("http", "https") for suffix in suffixes]
    return {
        "MLFLOW_SERVER_ALLOWED_HOSTS": ",".join((*written, *patterns)),
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": ",".join(origins),
    }
