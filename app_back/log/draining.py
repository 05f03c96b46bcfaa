"""Brings what the journal holds into the table, exactly once by id, and finds out when the database is back."""

import logging
import time
from collections.abc import Callable
from threading import Thread

from app_back.log import set_aside
from app_back.log.availability import Availability
from app_back.log.database import Connection, DatabaseError, RowRefusedError, insert_missing
from app_back.log.held_connection import HeldConnection
from app_back.log.journal import Drained, Journal
from app_back.log.records import line
from app_back.log.row import LoggedRow, probe_row

logger = logging.getLogger(__name__)

MOST_ROWS = 256
RETRY_SECONDS = 0.5
ADOPT_SECONDS = 5.0


class Drainer:
    """A thread of its own, over a connection of its own."""

    def __init__(
        self,
        journal: Journal,
        held: HeldConnection,
        available: Availability,
        wait_seconds: float,
        drop_others: Callable[[], None],
    ) -> None:
        self._journal = journal
        self._held = held
        self._available = available
        self._wait = wait_seconds
        self._drop_others = drop_others
        self._most = MOST_ROWS
        self._end = float("inf")
        self._adopted_at = float("-inf")
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
            self._journal.adopt()

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
            self._most = max(self._most // 2, 1)
            self._available.failed(str(error))
            return False
        except OSError as error:
            logger.error("the journal cannot be drained: %s", error.strerror)
            return False
        self._most = min(self._most * 2, MOST_ROWS)
        self._available.works()
        return True

    def _attempt(self) -> None:
        drained = self._journal.oldest_lines(self._most)
        until = min(time.monotonic() + self._wait, self._end)
        with self._held.used(until) as connection:
            if drained is None or not drained.rows:
                connection.probe(probe_row(), until)
            else:
                self._write(drained, connection, until)
        if drained is not None:
            if drained.damaged:
                self._set_aside(drained, set_aside.DAMAGED, drained.damaged, "are not what was written")
            self._journal.done(drained)

    def _write(self, drained: Drained, connection: Connection, until: float) -> None:
        try:
            insert_missing(connection, drained.rows, until)
        except RowRefusedError:
            refused = [row for row in drained.rows if not self._taken(row, connection)]
            self._set_aside(drained, set_aside.REFUSED, [line(row)[:-1] for row in refused], "are refused")

    def _taken(self, row: LoggedRow, connection: Connection) -> bool:
        try:
            insert_missing(connection, [row], time.monotonic() + self._wait)
        except RowRefusedError as error:
            logger.error("prediction %s does not get into the table: %s", row.prediction_id, error)
            return False
        return True

    def _set_aside(self, drained: Drained, kind: str, lines: list[bytes], why: str) -> None:
        path = set_aside.keep(drained.segment.path, kind, lines)
        logger.error("%d predictions of the journal %s: they are kept in %s", len(lines), why, path)
