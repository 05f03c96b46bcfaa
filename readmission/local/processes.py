"""The processes of a running platform: those of the supervisor's session, which its descendants stay in."""

import os
from collections.abc import Iterable
from contextlib import suppress

import psutil


def of_session(session: int) -> list[psutil.Process]:
    """Every living process of a session, its leader included."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process], patience_seconds: float) -> None:
    """Ends processes: by asking, and after a while by killing."""
    alive = list(processes)
    for process in alive:
        with suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(alive, timeout=patience_seconds)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def listening(processes: Iterable[psutil.Process]) -> set[tuple[str, int]]:
    """The (address, port) pairs that the processes listen on."""
    found: set[tuple[str, int]] = set()
    for process in processes:
        with suppress(psutil.Error):
            sockets = process.net_connections("tcp")
            found |= {(s.laddr.ip, s.laddr.port) for s in sockets if s.laddr and s.status == psutil.CONN_LISTEN}
    return found
