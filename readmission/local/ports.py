"""Which ports are free, and who holds those that are not."""

import random
import socket
from collections.abc import Iterable

import psutil

from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.local.service import Port

# Moves every default port to 20,000-31,000: above what is commonly taken, below what systems hand out by themselves.
_OFFSETS = range(12_000, 22_000)
_TRIES = 200


class BusyPortError(ReadmissionError):
    """Another program listens on a port that a service needs."""


def is_free(number: int, address: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, number))
        except OSError:
            return False
    return True


def require_free(ports: Iterable[Port], address: str = "127.0.0.1") -> None:
    """Makes sure that every port can be listened on.

    Raises:
        BusyPortError: names each busy port, who holds it, and the setting that moves it.
    """
    busy = [port for port in ports if not is_free(port.number, address)]
    if busy:
        raise BusyPortError("\n".join(_complaint(port) for port in busy))


def _complaint(port: Port) -> str:
    return (
        f"port {port.number} is taken by {owner(port.number)}; stop it, or set {port.setting} in .env to another port"
        " (PORT_OFFSET moves all of them)"
    )


def owner(number: int) -> str:
    """Who listens on a port, as far as this user may know."""
    try:
        listeners = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        pid = next((c.pid for c in listeners if c.laddr and c.laddr.port == number and c.pid), None)
        return f"{psutil.Process(pid).name()} (pid {pid})" if pid else "another user's program"
    except psutil.Error:
        return "a program this user may not see"


def free_offset(settings: Settings) -> int:
    """A PORT_OFFSET with which every port of the settings is free.

    Raises:
        BusyPortError: none was found.
    """
    for offset in random.sample(_OFFSETS, _TRIES):
        moved = settings.model_copy(update={"port_offset": offset})
        if all(is_free(number, settings.bind_address) for number in all_ports(moved)):
            return offset
    raise BusyPortError(f"no free ports between {_OFFSETS[0] + 8_000} and {_OFFSETS[-1] + 10_000}")


def all_ports(settings: Settings) -> tuple[int, ...]:
    """Every port that the embedded platform listens on."""
    named = (settings.port(name) for name in ("airflow", "api", "form", "mlflow", "s3"))
    return (*named, *s3_inner_ports(settings).values())


def s3_inner_ports(settings: Settings) -> dict[str, int]:
    """The ports that SeaweedFS uses for itself, by the flag that sets each."""
    flags = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
    more = ("filer.port", "filer.port.grpc", "s3.port.grpc")
    return {flag: settings.port("s3_inner") + n for n, flag in enumerate((*flags, *more))}
