"""The log's connections to MySQL: bounded in time, and one multi-row statement a commit."""

import math
import socket
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import pymysql
from pymysql.constants import ER
from pymysql.cursors import DictCursor
from sqlalchemy import URL

from app_back.log.addresses import reach
from app_back.log.database import (
    LATE,
    ConnectionLostError,
    DatabaseError,
    Durability,
    RowRefusedError,
    common,
)
from app_back.log.mysql_errors import in_words
from app_back.log.row import COLUMNS, LoggedRow
from app_back.log.time_limit import Limits
from connections.forgotten import Entry

_SQL_MODE = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
# Of one statement.
_ROWS = 500
_DURABILITY = ("innodb_flush_log_at_trx_commit", "sync_binlog", "log_bin")


class MySQL:
    """The server that a URL names, with the account and its password."""

    # More wait for each other in the server's commits than they gain there.
    writers = 3

    def __init__(self, url: URL, wait_seconds: float) -> None:
        self._url = url
        # Whole seconds, and if it can be fewer than ours: then the server says what it waited for.
        self._wait = max(1, math.ceil(wait_seconds) - 1)
        self._limits = Limits()

    def connect(self, until: float) -> "MySQLConnection":
        """See `Database`."""
        host, port = self._url.host or "localhost", self._url.port or 3306
        try:
            reached = reach(host, port, until)
        except OSError as error:
            raise DatabaseError(f"the database cannot be reached ({error.strerror or error})") from None
        # The copy stays the way to cut the connection when TLS has taken the socket over.
        handle = reached.dup()
        session = pymysql.Connection(
            host=host,
            user=self._url.username,
            password=self._url.password or "",
            database="RAW_DATA",
            charset="utf8mb4",
            autocommit=True,
            sql_mode=_SQL_MODE,
            # What was let go of here should not go on waiting there.
            init_command=f"SET SESSION time_zone='+00:00', lock_wait_timeout={self._wait}, "
            f"innodb_lock_wait_timeout={self._wait}",
            defer_connect=True,
        )
        connection = MySQLConnection(session, handle, self._limits)
        try:
            connection.begin(reached, until)
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """See `Database`."""
        self._limits.close()


class MySQLConnection:
    """See `Connection`."""

    def __init__(self, session: "pymysql.Connection[Any]", handle: socket.socket, limits: Limits) -> None:
        self._session = session
        self._handle = handle
        self._limits = limits
        self._columns: tuple[str, ...] = ()
        self.complete = False
        self.durability = Durability({}, True)

    def begin(self, reached: socket.socket, until: float) -> None:
        """Signs in on the socket, and looks what the table and the server are like."""
        with self._bounded(until):
            self._session.connect(reached)
            self._look()

    def _look(self) -> None:
        with self._session.cursor() as cursor:
            cursor.execute("SELECT * FROM predictions LIMIT 0")
            self._columns = common([column[0] for column in cursor.description])
            self.complete = self._columns == COLUMNS
            cursor.execute(f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in _DURABILITY)}")
            values = dict(zip(_DURABILITY, cursor.fetchone(), strict=True))
        logs = bool(values["log_bin"])
        full = values["innodb_flush_log_at_trx_commit"] == 1 and (not logs or values["sync_binlog"] == 1)
        self.durability = Durability(values, full)

    def insert(self, rows: Sequence[LoggedRow], until: float) -> None:
        """See `Connection`."""
        statements = self._inserts(rows)
        with self._bounded(until):
            if len(statements) == 1:
                self._session.query(statements[0])
            else:
                self._in_transaction(statements, self._session.commit)

    def _in_transaction(self, statements: Sequence[bytes], end: Callable[[], None]) -> None:
        self._session.begin()
        try:
            for statement in statements:
                self._session.query(statement)
            end()
        except pymysql.Error:
            with suppress(pymysql.Error):  # the connection is gone, and the transaction with it
                self._session.rollback()
            raise

    def _inserts(self, rows: Sequence[LoggedRow]) -> list[bytes]:
        """Statements of so many rows that a server takes each in one packet."""
        return [self._insert(rows[first : first + _ROWS]) for first in range(0, len(rows), _ROWS)]

    def _insert(self, rows: Sequence[LoggedRow]) -> bytes:
        width = len(self._columns)
        values = ",".join([f"({','.join([_literal(value) for value in row[:width]])})" for row in rows])
        return f"INSERT INTO predictions ({','.join(self._columns)}) VALUES {values}".encode()

    def present(self, ids: Collection[str], until: float) -> set[str]:
        """See `Connection`."""
        with self._bounded(until), self._session.cursor() as cursor:
            listed = ",".join(_literal(each) for each in ids)
            cursor.execute(f"SELECT prediction_id FROM predictions WHERE prediction_id IN ({listed})")
            return {found[0] for found in cursor.fetchall()}

    def probe(self, rows: Sequence[LoggedRow], until: float) -> None:
        """See `Connection`."""
        statements = self._inserts(rows)
        with self._bounded(until):
            self._in_transaction(statements, self._session.rollback)

    def forgotten(self, since: datetime, until: float) -> list[Entry]:
        """See `Connection`."""
        with self._bounded(until), self._session.cursor() as cursor:
            try:
                cursor.execute("SELECT kind, digest, until FROM forgotten WHERE until >= %s", (since,))
            except pymysql.Error as error:
                # Before the migration that makes it, nobody can have asked for anything to be forgotten.
                if error.args[0] in (ER.NO_SUCH_TABLE, ER.TABLEACCESS_DENIED_ERROR):
                    return []
                raise
            return [Entry(*row) for row in cursor.fetchall()]

    def newest(self, limit: int, until: float) -> list[dict[str, Any]]:
        """See `Connection`."""
        columns = ", ".join(self._columns)
        with self._bounded(until), self._session.cursor(DictCursor) as cursor:
            cursor.execute(
                f"SELECT {columns} FROM predictions ORDER BY created_at DESC, prediction_id DESC LIMIT {limit:d}"
            )
            return list(cursor.fetchall())

    def close(self) -> None:
        """See `Connection`."""
        with suppress(OSError):  # the other side was quicker
            self._handle.shutdown(socket.SHUT_RDWR)
        self._handle.close()
        with suppress(pymysql.Error):
            self._session.close()

    @contextmanager
    def _bounded(self, until: float) -> Iterator[None]:
        try:
            with self._limits.until(until, self._handle):
                yield
        except pymysql.Error as error:
            late = time.monotonic() >= until
            raise (ConnectionLostError(LATE) if late else in_words(error)) from None


def _literal(value: object) -> str:
    """A value in SQL; the mode that `connect` sets has backslashes escape."""
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    if value is None:
        return "NULL"
    if isinstance(value, float) and not math.isfinite(value):
        raise RowRefusedError(f"a figure is {value}")
    return repr(value) if isinstance(value, int | float) else f"'{value}'"
