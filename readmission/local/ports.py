"""Which ports are free, and who holds those that are not."""

import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from readmission.errors import ReadmissionError
from readmission.local import processes
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
        f"port {port.number} is taken by {owner(port.number)}; stop it, or set {port.setting} in .env to another port"
        " (PORT_OFFSET moves all of them)"
    )


def owner(number: int) -> str:
    """Who listens on a port, as far as this user may know."""
    process = processes.listener(number)
    if process is None:
        return "another user's program"
    with suppress(psutil.Error):
        return f"{process.name()} (pid {process.pid}){_where(process)}"
    return "a program that has just ended"


def _where(process: psutil.Process) -> str:
    """Whose program it is, where that is plain: another clone's, or a container's."""
    if process.name() == "docker-proxy":
        return ", which is a container's (`docker ps`; `make down` where it was started)"
    try:
        folder = Path(process.cwd())
    except psutil.Error:
        return ""
    state = next((one for one in (folder, *folder.parents) if (one / "run" / "supervisord.json").is_file()), None)
    return "" if state is None else f" of the platform in {state} (`make down` there)"
