"""How to talk to supervisord: XML-RPC over a Unix socket."""

import hashlib
import http.client
import os
import socket
import tempfile
import xmlrpc.client
from pathlib import Path
from typing import Any

from readmission.errors import ReadmissionError

_LONGEST_SOCKET_PATH = 90
_ANSWER_SECONDS = 40


class SupervisorError(ReadmissionError):
    """The supervisor did not start, or refused something."""


NO_ANSWER = (OSError, http.client.HTTPException, xmlrpc.client.Error)
"""What `call` raises when there is nobody to answer."""


def call(path: Path, method: str, *arguments: str | bool) -> Any:
    """Calls a method of the supervisor that listens on a socket; raises one of `NO_ANSWER` when none does."""
    with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=_UnixTransport(path)) as server:
        return getattr(server.supervisor, method)(*arguments)


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


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, _host: Any) -> http.client.HTTPConnection:
        self._connection = "", _UnixConnection(self._path)  # which the base class closes
        return self._connection[1]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except OSError:
            self.close()
            raise
