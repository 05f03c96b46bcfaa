"""Runs the services under supervisord, which restarts what dies and answers on a socket only its owner may use."""

import hashlib
import http.client
import json
import os
import shlex
import subprocess
import sys
import tempfile
import xmlrpc.client
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from connections.settings import machine_environment
from readmission.errors import ReadmissionError
from readmission.local import launch, processes
from readmission.local.service import Folders, Service

_START_SECONDS = 20
_STOP_SECONDS = 60
_PATIENCE_SECONDS = 10
_LONGEST_SOCKET_PATH = 90
# Clock corrections move a process's time of start a little.
_SAME_START_SECONDS = 2
# What a call raises when there is nobody to answer.
_NO_ANSWER = (OSError, http.client.HTTPException, xmlrpc.client.Error)

_CONFIGURATION = """\
[supervisord]
nodaemon = true
silent = true
logfile = {log}
pidfile = {pid}
childlogdir = {children}
[unix_http_server]
file = {socket}
chmod = 0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
_PROGRAM = """\
[program:{name}]
command = {command}
autostart = false
autorestart = true
stopasgroup = true
killasgroup = true
stopwaitsecs = 20
redirect_stderr = true
stdout_logfile = {log}
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 2
"""


class SupervisorError(ReadmissionError):
    """The supervisor did not start, or its socket's folder belongs to somebody else."""


@dataclass(frozen=True)
class ProcessState:
    """What the supervisor knows of a program: its state (RUNNING, BACKOFF, ...), pid and time of the last start."""

    name: str
    state: str
    pid: int
    started_at: int


class Supervisor:
    """The supervisor of one state folder, running or not."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._configuration = folders.run / "supervisord.conf"
        self._leader = folders.run / "supervisord.json"
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
            SupervisorError: it ended or did not answer in time.
        """
        processes.end(self.processes(), _PATIENCE_SECONDS)  # what a supervisor that was killed left behind
        self._write_configuration(services)
        self._started = process = subprocess.Popen(
            (sys.executable, "-m", "supervisor.supervisord", "-c", str(self._configuration)),
            env=machine_environment(),
            cwd=self._folders.state,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        leader = {"pid": process.pid, "created": psutil.Process(process.pid).create_time()}
        self._leader.write_text(json.dumps(leader), encoding="utf-8")
        until = monotonic() + _START_SECONDS
        while not self.is_running():
            if process.poll() is not None or monotonic() > until:
                raise SupervisorError(f"the supervisor did not start; see {self._log}")
            sleep(0.1)

    def run(self, service: Service) -> bool:
        """Makes the program run as it is declared; False when it does so already."""
        description = self._description(service.name)
        wanted = json.dumps(_launched(service), indent=1)
        running = self.states()[service.name].state in ("RUNNING", "STARTING")
        if running and description.is_file() and description.read_text(encoding="utf-8") == wanted:
            return False
        if running:
            self._call("stopProcess", service.name, True)
        description.touch(mode=0o600)
        description.write_text(wanted, encoding="utf-8")
        self._call("startProcess", service.name, False)
        return True

    def states(self) -> dict[str, ProcessState]:
        """The programs' states by name; empty when the supervisor does not run."""
        try:
            found = self._call("getAllProcessInfo")
        except _NO_ANSWER:
            return {}
        return {p["name"]: ProcessState(p["name"], p["statename"], p["pid"], p["start"]) for p in found}

    def stop(self) -> None:
        """Stops the supervisor and every process that it or a service started; none is left."""
        if self.is_running():
            self._call("stopAllProcesses", False)  # all at once; a shutdown alone waits for one after the other
            self._call("shutdown")
        until = monotonic() + _STOP_SECONDS
        while self.is_leader_alive() and monotonic() < until:
            sleep(0.1)
        processes.end(self.processes(), _PATIENCE_SECONDS)
        if self._started is not None:
            self._started.wait()

    def processes(self) -> list[psutil.Process]:
        """Every living process of the platform, the supervisor's included, even when that died."""
        leader = self._read_leader()
        if leader is None or _is_stranger(*leader):
            return []
        return processes.of_session(leader[0])

    def is_leader_alive(self) -> bool:
        """Whether the supervisor's own process exists."""
        leader = self._read_leader()
        return leader is not None and any(process.pid == leader[0] for process in self.processes())

    def _read_leader(self) -> tuple[int, float] | None:
        try:
            leader = json.loads(self._leader.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return leader["pid"], leader["created"]

    @property
    def _log(self) -> Path:
        return self._folders.logs / "supervisord.log"

    def _description(self, name: str) -> Path:
        return self._folders.run / f"{name}.json"

    def _relative(self, path: Path) -> str:
        """The path from the supervisor's folder: what a person called the folders above cannot disturb its syntax."""
        return str(path.relative_to(self._folders.state))

    def _call(self, method: str, *arguments: str | bool) -> Any:
        transport = SupervisorTransport(serverurl=f"unix://{socket_path(self._folders.run)}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)

    def _write_configuration(self, services: Iterable[Service]) -> None:
        socket = socket_path(self._folders.run)
        common = _CONFIGURATION.format(
            log=self._relative(self._log),
            pid=self._relative(self._folders.run / "supervisord.pid"),
            children=self._relative(self._folders.logs),
            socket=self._relative(socket) if socket.is_relative_to(self._folders.state) else _escaped(socket),
        )
        programs = (self._program(service) for service in services)
        self._configuration.write_text("".join((common, *programs)), encoding="utf-8")

    def _program(self, service: Service) -> str:
        become = (sys.executable, "-I", "-S", launch.__file__, self._relative(self._description(service.name)))
        log = self._relative(service.log)
        return _PROGRAM.format(name=service.name, command=_escaped(shlex.join(become)), log=log)


def socket_path(folder: Path) -> Path:
    """Where a folder's supervisor listens: in the folder, unless its path is longer than a socket's may be.

    Raises:
        SupervisorError: the folder for short paths belongs to somebody else.
    """
    beside = folder / "supervisord.sock"
    return beside if len(str(beside)) <= _LONGEST_SOCKET_PATH else _short_folder(folder) / beside.name


def _short_folder(of: Path) -> Path:
    name = hashlib.sha256(str(of).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"readmission-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SupervisorError(f"{folder} belongs to another user; remove it")
    return folder


def _launched(service: Service) -> dict[str, object]:
    return {
        "command": service.command,
        "folder": str(service.folder),
        "environment": dict(sorted(service.environment.items())),
    }


def _escaped(value: object) -> str:
    """A value for the supervisor's configuration, in which % begins an expression."""
    return str(value).replace("%", "%%")


def _is_stranger(pid: int, created: float) -> bool:
    """Whether the number has gone to a process that was created at another time."""
    try:
        return abs(psutil.Process(pid).create_time() - created) >= _SAME_START_SECONDS
    except psutil.Error:
        return False
