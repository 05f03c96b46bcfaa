"""The log's connections to a SQLite file: every commit is on the disk before it is called done."""

import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from app_back.log.database import (
    DISK_FULL,
    NO_TABLE,
    READ_ONLY,
    TABLE,
    DatabaseError,
    DuplicateError,
    Durability,
    RowRefusedError,
    common,
)
from app_back.log.row import COLUMNS, LoggedRow
from connections.forgotten import Entry
from connections.sqlite_files import DatabaseFileError, WatchedFile

# Of a statement: SQLite takes 32,766 values in one.
_MOST_ROWS = 500
_CREATED_AT = COLUMNS.index("created_at")
_FULL = 2
_LOCKED = f"{TABLE} is locked by another process"
_WORDS = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_IOERR: "the database file cannot be read or written (input/output error)",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged",
    sqlite3.SQLITE_NOTADB: "the database file is damaged",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
}


class SQLite:
    """The database file that a process watches."""

    # One writes at a time.
    writers = 1

    def __init__(self, file: WatchedFile) -> None:
        self._file = file

    def connect(self, until: float) -> "SQLiteConnection":
        """See `Database`."""
        with _told():
            opened = self._file.connect(max(until - time.monotonic(), 0.001))
        try:
            return SQLiteConnection(self._file, opened, until)
        except BaseException:
            self._file.close(opened)
            raise

    def close(self) -> None:
        """See `Database`."""


class SQLiteConnection:
    """See `Connection`."""

    def __init__(self, file: WatchedFile, opened: sqlite3.Connection, until: float) -> None:
        self._file = file
        self._opened = opened
        opened.isolation_level = None
        with self._bounded(until):
            opened.execute("PRAGMA synchronous=FULL")
            (level,) = opened.execute("PRAGMA synchronous").fetchone()
            described = opened.execute("SELECT * FROM predictions LIMIT 0").description
        self._columns = common([column[0] for column in described])
        self.complete = self._columns == COLUMNS
        self._into = f"INSERT INTO predictions ({', '.join(self._columns)}) VALUES "
        self._marks = f"({', '.join('?' * len(self._columns))})"
        self.durability = Durability({"synchronous": level}, level >= _FULL)

    def insert(self, rows: Sequence[LoggedRow], until: float) -> None:
        """See `Connection`."""
        with self._added(rows, until):
            self._file.check(self._opened)
            self._opened.execute("COMMIT")

    def _insert_together(self, rows: Sequence[LoggedRow]) -> None:
        """One statement: each gives Python's lock up and waits for it again, behind all that answers requests."""
        marks = ", ".join([self._marks] * len(rows))
        self._opened.execute(self._into + marks, [value for row in rows for value in self._values(row)])

    def _values(self, row: LoggedRow) -> Sequence[object]:
        values: list[object] = [*row[: len(self._columns)]]
        values[_CREATED_AT] = _text(row.created_at)
        return values

    def present(self, ids: Collection[str], until: float) -> set[str]:
        """See `Connection`."""
        marks = ", ".join("?" * len(ids))
        with self._bounded(until):
            found = self._opened.execute(
                f"SELECT prediction_id FROM predictions WHERE prediction_id IN ({marks})", tuple(ids)
            )
            return {each[0] for each in found}

    def probe(self, rows: Sequence[LoggedRow], until: float) -> None:
        """See `Connection`."""
        with self._added(rows, until):
            pass

    def forgotten(self, since: datetime, until: float) -> list[Entry]:
        """See `Connection`."""
        with self._bounded(until):
            if not self._opened.execute("SELECT 1 FROM sqlite_schema WHERE name = 'forgotten'").fetchone():
                return []  # before the migration that makes it, nobody can have asked for anything to be forgotten
            found = self._opened.execute("SELECT kind, digest, until FROM forgotten WHERE until >= ?", (_text(since),))
            return [Entry(kind, digest, datetime.fromisoformat(moment)) for kind, digest, moment in found]

    def newest(self, limit: int, until: float) -> list[dict[str, Any]]:
        """See `Connection`."""
        newest = (
            f"SELECT {', '.join(self._columns)} FROM predictions ORDER BY created_at DESC, prediction_id DESC LIMIT ?"
        )
        with self._bounded(until):
            found = self._opened.execute(newest, (limit,)).fetchall()
        return [dict(zip(self._columns, row, strict=True)) for row in found]

    def close(self) -> None:
        """See `Connection`."""
        self._file.close(self._opened)

    @contextmanager
    def _added(self, rows: Sequence[LoggedRow], until: float) -> Iterator[None]:
        """Adds the rows in a transaction, taken back at the end of the block unless that has committed it."""
        with self._bounded(until):
            self._opened.execute("BEGIN IMMEDIATE")
            try:
                for start in range(0, len(rows), _MOST_ROWS):
                    self._insert_together(rows[start : start + _MOST_ROWS])
                yield
            finally:
                if self._opened.in_transaction:
                    self._opened.execute("ROLLBACK")

    @contextmanager
    def _bounded(self, until: float) -> Iterator[None]:
        milliseconds = max(1, int((until - time.monotonic()) * 1000))
        with _told():
            self._file.check(self._opened)
            self._opened.execute(f"PRAGMA busy_timeout={milliseconds:d}")
            yield


def _text(moment: datetime) -> str:
    """A moment as SQLAlchemy keeps it."""
    return moment.isoformat(" ", "microseconds")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DatabaseFileError as error:
        raise DatabaseError(error.reason) from None
    except sqlite3.Error as error:
        raise _in_words(error) from None


def _in_words(error: sqlite3.Error) -> DatabaseError:
    """The error in words, without SQLite's, which may quote a value."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE):
        return DuplicateError("a row of that id is there already")
    if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError | sqlite3.InterfaceError):
        return RowRefusedError(f"the database refuses a row (SQLite error {code})")
    if str(error).startswith("no such table"):
        return DatabaseError(NO_TABLE)
    return DatabaseError(_WORDS.get(code & 0xFF, f"the database fails (SQLite error {code})"))
