"""What the log asks of a database, whichever it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Protocol

from app_back.log.row import COLUMNS, LoggedRow
from connections.forgotten import Entry

TABLE = "RAW_DATA.predictions"
NO_TABLE = f"there is no table {TABLE}: run the DAG crear_bases_si_no_existen or `readmission init`"
READ_ONLY = "the database is read-only"
DISK_FULL = "the database's disk is full"
LATE = "the database did not answer in time"


class DatabaseError(Exception):
    """The database does not do what it was asked; the text is one clause without an end, and quotes no value."""

    lost = False


class ConnectionLostError(DatabaseError):
    """The connection broke, so nobody knows whether the last statement was carried out."""

    lost = True


class RowRefusedError(DatabaseError):
    """The database takes rows, and not these: something is wrong with at least one of them."""


class DuplicateError(RowRefusedError):
    """A row of that id is there already."""


@dataclass(frozen=True)
class Durability:
    """What a database does before it calls a commit done, and whether that outlives a loss of power."""

    settings: dict[str, Any]
    full: bool

    @property
    def problem(self) -> str | None:
        """A clause that says what is missing, or None."""
        told = ", ".join(f"{name}={value}" for name, value in self.settings.items())
        return None if self.full else f"the database does not write each commit to its disk ({told})"


class Connection(Protocol):
    """A connection for one thread. Every call ends by `until`, in seconds of `time.monotonic`, or raises.

    All raise DatabaseError. After any but RowRefusedError the connection is of no use: close it.
    """

    durability: Durability
    complete: bool  # whether the table has every column

    def insert(self, rows: Sequence[LoggedRow], until: float) -> None:
        """Adds the rows in one commit: all are durable, or none is there."""

    def present(self, ids: Collection[str], until: float) -> set[str]:
        """Those of the ids that are in the table."""

    def probe(self, rows: Sequence[LoggedRow], until: float) -> None:
        """Adds the rows and takes them back."""

    def forgotten(self, since: datetime, until: float) -> list[Entry]:
        """The record of deletions of what was answered at that moment or later; none where there is no such table."""

    def newest(self, limit: int, until: float) -> list[dict[str, Any]]:
        """The latest rows, newest first, by the names of their columns."""

    def close(self) -> None:
        """Lets go of it, without waiting for anybody."""


class Database(Protocol):
    """The database that the settings name."""

    writers: int

    def connect(self, until: float) -> Connection:
        """A new connection, by `until` in seconds of `time.monotonic`.

        Raises:
            DatabaseError: it cannot be reached, refuses the account, or has no table.
        """

    def close(self) -> None:
        """Ends what it runs."""


def common(columns: Collection[str]) -> tuple[str, ...]:
    """The columns that rows are written to: a table that was not migrated yet lacks those at the end."""
    return tuple(takewhile(columns.__contains__, COLUMNS))


def insert_missing(connection: Connection, rows: Sequence[LoggedRow], until: float) -> int:
    """Adds those of the rows that are not there, and says how many; what somebody else adds meanwhile is no fault.

    Raises:
        RowRefusedError: it is not a duplicate, and no row was added.
    """
    while True:
        there = connection.present([row.prediction_id for row in rows], until)
        missing = [row for row in rows if row.prediction_id not in there]
        try:
            if missing:
                connection.insert(missing, until)
            return len(missing)
        except DuplicateError:
            continue
