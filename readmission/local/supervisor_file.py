"""What the supervisor is told: its configuration, its socket, and a description of each service for `launch`."""

import hashlib
import os
import shlex
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from readmission.errors import ReadmissionError
from readmission.local import launch
from readmission.local.service import Folders, Service

_LONGEST_SOCKET_PATH = 90

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
    """The supervisor did not start, stopped answering, or its socket's folder belongs to somebody else."""


def configuration(services: Iterable[Service], folders: Folders) -> str:
    """The supervisor's configuration, with every program stopped."""
    socket = socket_path(folders.run)
    common = _CONFIGURATION.format(
        log=_relative(log_of(folders), folders),
        pid=_relative(folders.run / "supervisord.pid", folders),
        children=_relative(folders.logs, folders),
        socket=_relative(socket, folders) if socket.is_relative_to(folders.state) else _escaped(socket),
    )
    return "".join((common, *(_program(service, folders) for service in services)))


def _program(service: Service, folders: Folders) -> str:
    become = (sys.executable, "-I", launch.__file__, _relative(description_of(service.name, folders), folders))
    log = _relative(service.log, folders)
    return _PROGRAM.format(name=service.name, command=_escaped(shlex.join(become)), log=log)


def _relative(path: Path, folders: Folders) -> str:
    """The path from the supervisor's folder: what a person called the folders above cannot disturb its syntax."""
    return str(path.relative_to(folders.state))


def log_of(folders: Folders) -> Path:
    """What the supervisor itself writes."""
    return folders.logs / "supervisord.log"


def description_of(name: str, folders: Folders) -> Path:
    """The file that describes a service to `launch`; it holds secrets."""
    return folders.run / f"{name}.json"


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


def launched(service: Service) -> dict[str, object]:
    """A service's description."""
    return {
        "command": service.command,
        "folder": str(service.folder),
        "environment": dict(sorted(service.environment.items())),
    }


def _escaped(value: object) -> str:
    """A value for the supervisor's configuration, in which % begins an expression."""
    return str(value).replace("%", "%%")
