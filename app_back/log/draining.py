"""Brings what the journal holds into the table, exactly once by id, and finds out when the database is back.

A record of the journal is committed at once: whoever reads the table sees none or all of its rows.
"""

import logging
import time
from collections.abc import Callable
from threading import Thread

from app_back.log import set_aside
from app_back.log.availability import Availability
from app_back.log.database import Connection, DatabaseError, DuplicateError, RowRefusedError, insert_missing
from app_back.log.held_connection import HeldConnection
from app_back.log.journal import Drained, Journal
from app_back.log.records import record
from app_back.log.row import LoggedRow, probe_row
from connections.forgotten import Record

logger = logging.getLogger(__name__)

# Small records are drained together up to so many rows.
MOST_ROWS = 256
# What a row may take, beside what a statement may.
ROW_SECONDS = 0.001
# Failures make the drain take fewer rows, and give each more time: by this factor at most.
_MOST_PATIENCE = 16
RETRY_SECONDS = 0.5
ADOPT_SECONDS = 5.0
REFUSED_SECONDS = 24 * 3600.0


class Drainer:
    """A thread of its own, over a connection of its own."""

    def __init__(
        self,
        journal: Journal,
        held: HeldConnection,
        available: Availability,
        wait_seconds: float,
        drop_others: Callable[[], None],
        forget_key: str,
    ) -> None:
        self._journal = journal
        self._held = held
        self._available = available
        self._wait = wait_seconds
        self._drop_others = drop_others
        self._forget_key = forget_key
        self._patience = 1
        self._end = float("inf")
        self._adopted_at = self._refused_at = float("-inf")
        self._thread = Thread(target=self._run, name="log-drain", daemon=True)

    def start(self) -> None:
        """Adopts what workers that are gone have left, and begins to drain."""
        self.adopt()
        self._thread.start()

    def stop(self, until: float) -> bool:
        """Drains what it can until then, in seconds of `time.monotonic`, and says whether it has ended."""
        self._end = until
        self._available.wake()
        self._thread.join(max(until - time.monotonic(), 0.0))
        return not self._thread.is_alive()

    def adopt(self) -> None:
        """Looks for orphans, unless that was a moment ago."""
        if time.monotonic() - self._adopted_at > ADOPT_SECONDS:
            self._adopted_at = time.monotonic()
            self._try_again_what_was_refused()
            self._journal.adopt()

    def _try_again_what_was_refused(self) -> None:
        """At the start and each day: what was forgotten meanwhile goes, and what is still refused is kept again."""
        if time.monotonic() - self._refused_at > REFUSED_SECONDS:
            self._refused_at = time.monotonic()
            set_aside.bring_back(self._journal.folder)

    def _run(self) -> None:
        while self._end == float("inf"):
            self.adopt()
            if not (self._has_work() and self._round() and self._journal.rows):
                self._available.pause(RETRY_SECONDS)
        while self._journal.rows and time.monotonic() < self._end and self._round():
            pass

    def _has_work(self) -> bool:
        return self._journal.rows > 0 or self._available.problem is not None

    def _round(self) -> bool:
        """One attempt; says whether the database took something."""
        if self._available.problem is not None:
            self._drop_others()
        try:
            self._attempt()
        except DatabaseError as error:
            self._patience = min(self._patience * 2, _MOST_PATIENCE)
            self._available.failed(str(error))
            return False
        except OSError as error:
            logger.error("the journal cannot be drained: %s", error.strerror)
            return False
        self._patience = max(self._patience // 2, 1)
        self._available.works()
        return True

    def _attempt(self) -> None:
        with self._held.used(self._until()) as connection:
            # Not before there is a connection: to read a large record takes the time of those that predict.
            drained = self._journal.oldest_records(MOST_ROWS // self._patience)
            if drained is None or not drained.rows:
                connection.probe([probe_row()], self._until())
            else:
                self._write(drained, connection)
        if drained is not None:
            if drained.damaged:
                self._set_aside(drained, set_aside.DAMAGED, drained.damaged, "are not what was written")
            self._journal.done(drained)

    def _until(self, rows: int = 0) -> float:
        return min(time.monotonic() + self._wait + rows * ROW_SECONDS * self._patience, self._end)

    def _write(self, drained: Drained, connection: Connection) -> None:
        rows = self._remembered(drained.rows, connection)
        if not rows:
            return
        try:
            insert_missing(connection, rows, self._until(len(rows)))
        except RowRefusedError:
            there = connection.present([row.prediction_id for row in rows], self._until(len(rows)))
            refused = self._refused([row for row in rows if row.prediction_id not in there], connection)
            aside = {row.prediction_id for row in refused}
            others = [row for row in rows if row.prediction_id not in aside]
            if others:
                insert_missing(connection, others, self._until(len(rows)))
            self._set_aside(drained, set_aside.REFUSED, [record([row]) for row in refused], "are refused")

    def _remembered(self, rows: list[LoggedRow], connection: Connection) -> list[LoggedRow]:
        """Those that nobody asked to be forgotten while they waited."""
        entries = connection.forgotten(min(row.created_at for row in rows), self._until(len(rows)))
        record = Record(self._forget_key, entries)
        kept = [row for row in rows if not record.covers(row.prediction_id, row.encounter_ref, row.created_at)]
        if gone := len(rows) - len(kept):
            logger.warning("%d predictions were forgotten while they waited in the journal: they are dropped", gone)
        return kept

    def _refused(self, rows: list[LoggedRow], connection: Connection) -> list[LoggedRow]:
        """Those that the database refuses for themselves: halves of the rows are tried, and taken back."""
        try:
            connection.probe(rows, self._until(len(rows)))
        except RowRefusedError as error:
            if len(rows) > 1:
                half = len(rows) // 2
                return self._refused(rows[:half], connection) + self._refused(rows[half:], connection)
            if isinstance(error, DuplicateError):  # it got there meanwhile
                return []
            logger.error("prediction %s does not get into the table: %s", rows[0].prediction_id, error)
            return rows
        return []

    def _set_aside(self, drained: Drained, kind: str, records: list[bytes], why: str) -> None:
        path = set_aside.keep(drained.segment.path, kind, records)
        logger.error("%d records of the journal %s: they are kept in %s", len(records), why, path)
