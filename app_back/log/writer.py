"""Writes rows to the database, or to the journal while that does not take them."""

import time
from collections.abc import Sequence

from app_back.errors import LogUnavailableError
from app_back.log.availability import Availability
from app_back.log.database import DatabaseError, RowRefusedError, insert_missing
from app_back.log.held_connection import HeldConnection
from app_back.log.journal import Journal, JournalError
from app_back.log.row import LoggedRow
from readmission.prediction import Place

NOT_WRITTEN = "RAW_DATA.predictions could not be written, so the prediction is withheld"


class LogWriter:
    """Writes groups of rows, for one thread."""

    def __init__(self, held: HeldConnection, journal: Journal, available: Availability, wait_seconds: float) -> None:
        self._held = held
        self._journal = journal
        self._available = available
        self._wait = wait_seconds

    def write(self, rows: Sequence[LoggedRow], wait_seconds: float | None = None) -> Place:
        """Says where the rows are durable by now: all in one transaction, or all in the journal.

        It waits for the database for `wait_seconds` at most, LOG_WAIT_SECONDS unless given.

        Raises:
            LogUnavailableError: nothing keeps them, and none is kept.
        """
        refused = "the database refuses a row"
        if self._available.problem is None:
            try:
                self._insert(rows, time.monotonic() + (wait_seconds or self._wait))
                return "database"
            except RowRefusedError as error:
                refused = str(error)  # the others are not kept waiting: the drain finds out which one it is
            except DatabaseError as error:
                self._available.failed(str(error))
        try:
            self._journal.append(rows)
        except JournalError as error:
            raise LogUnavailableError(f"{NOT_WRITTEN}: {self._available.problem or refused}; {error}") from None
        return "journal"

    def _insert(self, rows: Sequence[LoggedRow], until: float) -> None:
        reused = self._held.is_open
        try:
            with self._held.used(until) as connection:
                connection.insert(rows, until)
        except DatabaseError as error:
            # A server that was started anew, or tired of an idle connection, is not yet one that does not answer.
            if not (error.lost and reused and time.monotonic() < until):
                raise
            with self._held.used(until) as connection:
                insert_missing(connection, rows, until)
