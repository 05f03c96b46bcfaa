"""Our processes that hold a port and that no supervisor knows any more, as when `run/` was deleted while they ran."""

import os
from collections.abc import Iterable
from pathlib import Path

import psutil

from readmission.local import processes
from readmission.local.service import Service


def of(services: Iterable[Service], known: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Who listens on the services' ports, is one of these services, and is not among the known processes.

    The supervisor that started such a process comes with it, since it would only start it again.
    """
    pids = {process.pid for process in known}
    found: dict[int, psutil.Process] = {}
    for service in services:
        holder = processes.listener(service.port.number) if service.port else None
        if holder is not None and holder.pid not in pids and _is_of(service, holder):
            found |= {process.pid: process for process in _with(holder)}
    return list(found.values())


def _is_of(service: Service, process: psutil.Process) -> bool:
    """Whether a process works in the service's folder, runs its program, and was started from no terminal."""
    try:
        program = Path(service.command[0]).name in " ".join(process.cmdline())
        return program and process.terminal() is None and processes.works_in(process, service.folder)
    except psutil.Error:
        return False


def _with(holder: psutil.Process) -> list[psutil.Process]:
    """A process with all that its supervisor started, or with its children where that has ended."""
    try:
        leader = psutil.Process(os.getsid(holder.pid))
        if "supervisor.supervisord" in leader.cmdline():
            return processes.of_session(leader.pid)
        return [holder, *holder.children(recursive=True)]
    except (psutil.Error, OSError):
        return [holder]
