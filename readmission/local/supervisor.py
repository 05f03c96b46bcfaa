"""Runs the services under supervisord, which restarts what dies and answers on a socket only its owner may use."""

import http.client
import json
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from connections.settings import machine_environment
from readmission.local import processes
from readmission.local.logs import end_of, log_end
from readmission.local.service import Folders, Service
from readmission.local.session import Session
from readmission.local.supervisor_file import (
    SupervisorError,
    configuration,
    description_of,
    launched,
    log_of,
    socket_path,
)

_START_SECONDS = 20
_STOP_SECONDS = 60
_PATIENCE_SECONDS = 10
STOPPED = "another command stopped the services"
# What a call raises when there is nobody to answer.
_NO_ANSWER = (OSError, http.client.HTTPException, xmlrpc.client.Error)


@dataclass(frozen=True)
class ProcessState:
    """What the supervisor knows of a program: its state (RUNNING, BACKOFF, ...), pid, last start, seconds since then.

    `problem` is why it could not be started, when the supervisor knows.
    """

    name: str
    state: str
    pid: int
    started_at: int
    seconds: int
    problem: str

    @property
    def is_alive(self) -> bool:
        """Whether its process exists, and is not about to end."""
        return self.state in ("RUNNING", "STARTING")


class Supervisor:
    """The supervisor of one state folder, running or not."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._configuration = folders.run / "supervisord.conf"
        self._started: subprocess.Popen[bytes] | None = None

    def is_running(self) -> bool:
        """Whether the supervisor answers."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except _NO_ANSWER:
            return False

    def start(self, services: Iterable[Service]) -> None:
        """Starts the supervisor itself, with its programs stopped; it outlives this process.

        Raises:
            SupervisorError: it ended or did not answer in time; the message ends with what it wrote.
        """
        processes.end(self.processes(), _PATIENCE_SECONDS)  # what a supervisor that was killed left behind
        self._configuration.write_text(configuration(services, self._folders), encoding="utf-8")
        before = log_end(self._log)
        self._started = process = subprocess.Popen(
            (sys.executable, "-m", "supervisor.supervisord", "-c", str(self._configuration)),
            env=machine_environment(),
            cwd=self._folders.state,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        Session.begun(process.pid, self._folders)
        until = monotonic() + _START_SECONDS
        while not self.is_running():
            if process.poll() is not None or monotonic() > until:
                raise SupervisorError(f"the supervisor did not start. {end_of(self._log, before)}")
            sleep(0.1)

    def run(self, service: Service) -> bool:
        """Makes the program run as it is declared; False when it does so already.

        Raises:
            SupervisorError: the supervisor was stopped meanwhile.
        """
        description = description_of(service.name, self._folders)
        wanted = json.dumps(launched(service), indent=1)
        try:
            if self._is_alive(service.name) and _holds(description, wanted):
                return False
            self._stop(service.name)
            description.touch(mode=0o600)
            description.write_text(wanted, encoding="utf-8")
            self._call("startProcess", service.name, False)
        except _NO_ANSWER as error:
            raise SupervisorError(f"{service.name} could not be started, since {STOPPED}") from error
        return True

    def _is_alive(self, name: str) -> bool:
        state = self.states().get(name)
        return state is not None and state.is_alive

    def _stop(self, name: str) -> None:
        """Ends a program that runs or is about to be tried again; waits for one that ends already."""
        if self._call("getProcessInfo", name)["statename"] in ("RUNNING", "STARTING", "BACKOFF"):
            self._call("stopProcess", name, True)
        until = monotonic() + _STOP_SECONDS
        while self._call("getProcessInfo", name)["statename"] == "STOPPING" and monotonic() < until:
            sleep(0.1)

    def states(self) -> dict[str, ProcessState]:
        """The programs' states by name; empty when the supervisor does not run."""
        try:
            found = self._call("getAllProcessInfo")
        except _NO_ANSWER:
            return {}
        return {
            p["name"]: ProcessState(
                p["name"], p["statename"], p["pid"], p["start"], p["now"] - p["start"], p["spawnerr"]
            )
            for p in found
        }

    def stop(self) -> None:
        """Stops the supervisor and every process that it or a service started; none is left."""
        if self.is_running():
            self._ask_to_stop()
        processes.end(self.processes(), _PATIENCE_SECONDS)
        if self._started is not None:
            self._started.wait()

    def _ask_to_stop(self) -> None:
        with suppress(*_NO_ANSWER):  # another command asked it too
            self._call("stopAllProcesses", False)  # all at once; a shutdown alone waits for one after the other
            self._call("shutdown")
        until = monotonic() + _STOP_SECONDS
        while self.is_leader_alive() and monotonic() < until:
            sleep(0.1)

    def processes(self) -> list[psutil.Process]:
        """Every living process of the platform, the supervisor's included, even when that died or the folder moved."""
        session = Session.of(self._folders)
        return [] if session is None else session.processes(self._folders)

    def is_leader_alive(self) -> bool:
        """Whether the supervisor's own process exists."""
        session = Session.of(self._folders)
        return session is not None and any(process.pid == session.pid for process in self.processes())

    def moved_from(self) -> str | None:
        """Where the state folder was when its supervisor started, if that was elsewhere and processes still run."""
        session = Session.of(self._folders)
        moved = session is not None and session.state not in ("", str(self._folders.state))
        return session.state if session is not None and moved and self.processes() else None

    @property
    def _log(self) -> Path:
        return log_of(self._folders)

    def _call(self, method: str, *arguments: str | bool) -> Any:
        transport = SupervisorTransport(serverurl=f"unix://{socket_path(self._folders.run)}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
