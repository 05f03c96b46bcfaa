"""The log of answered predictions, as the rest of the service sees it."""

import json
import logging
import time
from typing import Any

from sqlalchemy import make_url

from app_back.errors import LogUnavailableError
from app_back.log import set_aside
from app_back.log.availability import Availability
from app_back.log.database import Database, DatabaseError, Durability
from app_back.log.draining import Drainer
from app_back.log.held_connection import HeldConnection
from app_back.log.journal import Journal
from app_back.log.mysql import MySQL
from app_back.log.row import probe_row
from app_back.log.sqlite import SQLite
from app_back.log.state import LogState
from app_back.log.writer import LogWriter
from connections.mysql_connections import sqlite_file
from connections.settings import Settings
from readmission.clock import now
from readmission.prediction import LoggedPrediction

logger = logging.getLogger(__name__)

FOLDER = "serving/journal"
NOT_READ = "RAW_DATA.predictions could not be read"
STOP_SECONDS = 5.0
# A probe is as good as a newer one for so long.
_PROBE_SECONDS = 1.0


class PredictionLog:
    """The log of one worker. What a writer's `write` has returned from is durable."""

    def __init__(self, settings: Settings) -> None:
        self._wait = settings.log_wait_seconds
        self._database = database_of(settings)
        self._journal = Journal(settings.state_dir / FOLDER, settings.journal_max_mb * 1_000_000)
        self._available = Availability()
        self._held: list[HeldConnection] = []
        self._reader, self._prober, drain = self._hold(), self._hold(), self._hold()
        key = settings.forget_key.get_secret_value()
        self._drainer = Drainer(self._journal, drain, self._available, self._wait, self._drop_all, key)
        self._probed_at = float("-inf")
        self._durability: Durability | None = None

    def start(self) -> None:
        """Opens this worker's journal, adopts what others have left, and starts to drain."""
        self._journal.open()
        if self._journal.problem is not None:
            logger.error("there is no journal, predictions are logged in the database alone: %s", self._journal.problem)
        self._drainer.start()

    def stop(self) -> None:
        """Drains what it can within a few seconds, and lets go of everything; no writer may be at work any more."""
        ended = self._drainer.stop(time.monotonic() + STOP_SECONDS)
        if rows := self._journal.rows:
            logger.warning("%d predictions wait in the journal for the next start", rows)
        if ended:
            self._journal.close()
        self._drop_all()
        self._database.close()

    @property
    def best_writers(self) -> int:
        """How many threads write fastest, each with a writer of its own."""
        return self._database.writers

    def writer(self) -> LogWriter:
        """A writer for one thread, with a connection of its own."""
        return LogWriter(self._hold(), self._journal, self._available, self._wait)

    def recent(self, limit: int) -> list[LoggedPrediction]:
        """The latest rows of the table, newest first.

        Raises:
            LogUnavailableError: it cannot be read.
        """
        until = time.monotonic() + self._wait
        try:
            with self._reader.used(until) as connection:
                rows = connection.newest(limit, until)
        except DatabaseError as error:
            logger.error("%s: %s", NOT_READ, error)
            raise LogUnavailableError(f"{NOT_READ}: {error}") from None
        return [LoggedPrediction.model_validate(_read(row)) for row in rows]

    def waiting(self) -> int:
        """How many rows wait in the journals of the folder: this worker's, and those of others."""
        return self._journal.rows + self._journal.rows_of_others()

    def probe(self) -> LogState:
        """The state, after a row was written and taken back; within LOG_WAIT_SECONDS, or at once if that is known."""
        if self._available.problem is not None:
            self._journal.open()  # the drain finds out when the database is back
        elif time.monotonic() - self._probed_at > _PROBE_SECONDS:
            self._probe()
        return self.state()

    def _probe(self) -> None:
        until = time.monotonic() + self._wait
        try:
            with self._prober.used(until) as connection:
                connection.probe([probe_row()], until)
                self._durability = connection.durability
        except DatabaseError as error:
            self._available.failed(str(error))
        self._probed_at = time.monotonic()

    def state(self) -> LogState:
        """Where a row would be kept now, and what is not well, without asking anybody."""
        journal, gone = self._journal, self._available.problem
        oldest = journal.oldest
        return LogState(
            place="database" if gone is None else "journal" if journal.problem is None else None,
            problems=tuple(problem for problem in (gone, journal.problem, *self._others()) if problem),
            rows=journal.rows,
            bytes=journal.size,
            capacity=journal.capacity,
            oldest_seconds=None if oldest is None else (now() - oldest).total_seconds(),
        )

    def _others(self) -> list[str | None]:
        rows, aside = self._journal.rows, set_aside.files(self._journal.folder)
        share = self._journal.size / self._journal.capacity
        kept = f"files in the journal's folder hold predictions that cannot get into the table: {aside}"
        return [
            f"{rows:,} predictions wait in the journal, which is {share:.0%} full" if rows else None,
            kept if aside else None,
            None if self._durability is None else self._durability.problem,
        ]

    def durability(self) -> Durability:
        """What the database does before it calls a commit done.

        Raises:
            DatabaseError: it cannot be asked.
        """
        with self._prober.used(time.monotonic() + self._wait) as connection:
            return connection.durability

    def _hold(self) -> HeldConnection:
        held = HeldConnection(self._database)
        self._held.append(held)
        return held

    def _drop_all(self) -> None:
        """Closes the connections that nobody is using: they lead to what did not take a row."""
        for held in self._held.copy():
            held.drop()


def database_of(settings: Settings) -> Database:
    """The database that the settings name; connects to nothing."""
    file = sqlite_file(settings, "RAW_DATA")
    if file is not None:
        return SQLite(file)
    return MySQL(make_url(settings.database_server), settings.log_wait_seconds)


def _read(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"inputs": json.loads(row["inputs"])}
