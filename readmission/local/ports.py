"""Which ports are free, and who holds those that are not."""

import socket
from collections.abc import Iterable

import psutil

from readmission.errors import ReadmissionError
from readmission.local.service import Port


class BusyPortError(ReadmissionError):
    """Another program listens on a port that a service needs."""


def is_free(number: int, address: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
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
        f"port {port.number} is taken by {_owner(port.number)}; stop it, or set {port.setting} in .env to another port"
        " (PORT_OFFSET moves all of them)"
    )


def _owner(number: int) -> str:
    """Who listens on a port, as far as this user may know."""
    try:
        listeners = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        pid = next((c.pid for c in listeners if c.laddr and c.laddr.port == number and c.pid), None)
        return f"{psutil.Process(pid).name()} (pid {pid})" if pid else "another user's program"
    except psutil.Error:
        return "a program this user may not see"
