"""Runs a declared service as a process of its own for as long as a block."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic

from readmission.local import processes
from readmission.local.service import Folders, Service

_PAUSE_SECONDS = 0.1


class NotHealthyError(Exception):
    """A service ended, or did not become healthy in time; the message ends with what it wrote."""

    def __init__(self, service: Service, what: str) -> None:
        super().__init__(f"{service.name} {what}:\n{service.log.read_text()[-2_000:]}")


@contextmanager
def running(service: Service, folders: Folders) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a service for the block, from when it is healthy; nothing of its session is left after the block.

    Raises:
        NotHealthyError: it ended, or its `start_seconds` went by.
    """
    process = start(service, folders)
    try:
        wait_until_healthy(service, process)
        yield process
    finally:
        end(process)


def start(service: Service, folders: Folders) -> "subprocess.Popen[bytes]":
    """Starts a service in a session of its own; its log is kept from one start to the next."""
    folders.create((service,))
    with service.log.open("ab") as log:
        return subprocess.Popen(
            service.command,
            env=dict(service.environment),
            cwd=service.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def wait_until_healthy(service: Service, process: "subprocess.Popen[bytes]") -> None:
    """Waits until a started service is healthy.

    Raises:
        NotHealthyError: it ended, or its `start_seconds` went by.
    """
    until, pause = monotonic() + service.start_seconds, Event()
    while not service.healthy():
        if process.poll() is not None:
            raise NotHealthyError(service, f"ended with {process.returncode}")
        if monotonic() > until:
            raise NotHealthyError(service, f"was not healthy within {service.start_seconds:.0f} s")
        pause.wait(_PAUSE_SECONDS)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a started service with all of its session."""
    processes.end(processes.of_session(process.pid), patience_seconds=60)
    process.wait()


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Ends a started service with all of its session as a crash would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
