"""A SQLite database file under a process: never made by opening it, and noticed when it is no longer the same file."""

import fcntl
import logging
import os
import secrets
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

logger = logging.getLogger(__name__)

BUSY_SECONDS = 30
# Of the format's header (sqlite.org/fileformat2.html): the magic text, and the application id, which `create` draws.
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"
_IDENTITY = slice(68, 72)
_NO_IDENTITY = bytes(4)


class DatabaseFileError(SQLAlchemyError):
    """A database's file is not there, or is not the one that this process began with; `reason` names no folder."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{reason} (in {path.parent})")
        self.reason = reason


def create(path: Path) -> None:
    """Makes the database's file where it is missing, and gives a database without an identity its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.parent), closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("PRAGMA application_id").fetchone() == (0,):
            connection.execute(f"PRAGMA application_id={secrets.randbelow(2**31 - 1) + 1}")
        connection.execute("COMMIT")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lets one process or thread after the other into a folder: a file that becomes WAL makes no other one wait."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@lru_cache
def watched(path: Path) -> "WatchedFile":
    """The process's one watch on a file."""
    return WatchedFile(path)


def engine_of(path: Path) -> Engine:
    """A pooled engine on the file; each use of a connection asks first whether the file is still the same."""
    file = watched(path)
    engine = create_engine(f"sqlite:///{path}", creator=file.connect, hide_parameters=True)

    @event.listens_for(engine, "checkout")
    def _before_use(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        file.check(connection)

    @event.listens_for(engine, "commit")
    def _before_commit(connection: Connection) -> None:
        file.check(connection.connection.dbapi_connection)

    @event.listens_for(engine, "close")
    def _closed(connection: sqlite3.Connection, _record: object) -> None:
        file.forget(connection)

    return engine


def require(path: Path) -> None:
    """Raises DatabaseFileError when there is no such file."""
    if not path.is_file():
        raise DatabaseFileError(
            path, f"there is no database file {path.name}: run the DAG crear_bases_si_no_existen or `readmission init`"
        )


class WatchedFile:
    """One database file as the process first met it, and the write-ahead log that each open connection writes to.

    The file stays open for reading as long as this lives, so that its inode is not given to another file. That
    descriptor must not be closed earlier: closing any descriptor of a file drops the process's locks on it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._lock = Lock()
        self._descriptor: int | None = None
        self._identity = _NO_IDENTITY
        self._logs: dict[int, os.stat_result | None] = {}
        self._kept_open: list[sqlite3.Connection] = []

    def connect(self, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
        """A new connection, for one thread at a time, that waits so long for a file that is locked.

        Raises:
            DatabaseFileError: as `check`, or there is no file.
        """
        with self._lock:
            self._check_file()
            require(self._path)
            while self._kept_open:
                self._close(self._kept_open.pop())
            # Connections of one process share an index of the log: two logs under one index would mix their pages.
            for log in self._logs.values():
                self._check_log(log)
            connection = self._opened(busy_seconds)
            self._logs[id(connection)] = _stat(self._log)
            return connection

    def check(self, connection: Any) -> None:
        """Asks whether the connection writes to the files that are under the database's name.

        Raises:
            DatabaseFileError: the file or its log was moved, replaced, overwritten or removed.
        """
        self._check_file()
        self._check_log(self._logs.get(id(connection)))

    def close(self, connection: sqlite3.Connection) -> None:
        """Closes a connection; while the file is not the same one, it stays open until that is back.

        As the last connection closes, SQLite writes what the log holds into whatever file is there.
        """
        with self._lock:
            try:
                self._check_file()
            except DatabaseFileError:
                self._kept_open.append(connection)
            else:
                self._close(connection)

    def _close(self, connection: sqlite3.Connection) -> None:
        self.forget(connection)
        connection.close()

    def forget(self, connection: sqlite3.Connection) -> None:
        """Takes note that a connection was closed."""
        self._logs.pop(id(connection), None)

    def _opened(self, busy_seconds: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw", uri=True, timeout=busy_seconds, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
                weakref.finalize(self, os.close, self._descriptor)
            self._check_file()
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_file(self) -> None:
        if self._descriptor is None:
            return
        there = _stat(self._path)
        if there is None:
            raise self._gone("was moved or removed")
        if not os.path.samestat(there, os.fstat(self._descriptor)):
            raise self._gone("was replaced by another file")
        header = os.pread(self._descriptor, _HEADER_BYTES, 0)
        if not header.startswith(_MAGIC):
            raise self._gone("was cut short or overwritten")
        if self._identity == _NO_IDENTITY:
            self._identity = header[_IDENTITY]
        elif header[_IDENTITY] != self._identity:
            raise self._gone("was overwritten with another database")

    def _check_log(self, used: os.stat_result | None) -> None:
        there = _stat(self._log)
        if used is not None and (there is None or not os.path.samestat(there, used)):
            raise self._gone("lost its log, the file beside it that ends in -wal: it was moved, replaced or removed")

    def _gone(self, what: str) -> DatabaseFileError:
        reason = (
            f"the database file {self._path.name} {what} while this process used it; put back what was there, or "
            "restart this process to go on with what is there now"
        )
        return DatabaseFileError(self._path, reason)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


@contextmanager
def lock_file(path: Path, name: str, timeout_seconds: int) -> Iterator[Connection | None]:
    """A connection to the lock file of that name beside a database; None where there is no database to protect."""
    if not path.is_file():
        yield None
        return
    lock = create_engine(f"sqlite:///{path.with_name(name)}.lock", connect_args={"timeout": timeout_seconds})
    try:
        with lock.connect() as connection:
            yield connection
    finally:
        lock.dispose()
