"""Finds and ends processes: those of a session, those that lost their parent, those that listen on a port."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil


def of_session(session: int) -> list[psutil.Process]:
    """Every living process of a session, its leader included."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def orphans(session: int) -> list[psutil.Process]:
    """The processes of a session that no longer descend from its leader: what a killed service left behind."""
    return [process for process in of_session(session) if not _descends(process, session)]


def frozen(pid: int) -> list[psutil.Process]:
    """A process and its descendants, those of them that a signal (SIGSTOP, SIGTSTP) has stopped."""
    with suppress(psutil.Error):
        family = psutil.Process(pid)
        return [one for one in (family, *family.children(recursive=True)) if one.status() == psutil.STATUS_STOPPED]
    return []


def _descends(process: psutil.Process, leader: int) -> bool:
    try:
        return process.pid == leader or any(parent.pid == leader for parent in process.parents())
    except psutil.Error:
        return True  # it has just ended


def works_in(process: psutil.Process, folder: Path) -> bool:
    """Whether a process's working folder is `folder` or lies in it; it stays so when that is renamed."""
    try:
        return Path(process.cwd()).is_relative_to(folder.resolve())
    except (psutil.Error, OSError):
        return False


def listener(number: int) -> psutil.Process | None:
    """Who listens on a port of this machine, as far as this user may know."""
    with suppress(psutil.Error):
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == number and one.pid:
                return psutil.Process(one.pid)
    return None


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
