"""The log of answered predictions, as the rest of the service sees it."""

import json
import logging
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import make_url

from app_back.errors import LogUnavailableError
from app_back.log.database import Database, DatabaseError, Durability
from app_back.log.held_connection import HeldConnection
from app_back.log.mysql import MySQL
from app_back.log.row import LoggedRow, new_id
from app_back.log.sqlite import SQLite
from app_back.log.state import LogState
from connections.mysql_connections import sqlite_file
from connections.settings import Settings
from readmission.clock import now
from readmission.prediction import LoggedPrediction, Place

logger = logging.getLogger(__name__)

NOT_WRITTEN = "RAW_DATA.predictions could not be written, so the prediction is withheld"
NOT_READ = "RAW_DATA.predictions could not be read"


class PredictionLog:
    """The log of one worker. What a writer's `write` has returned from is durable."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def start(self) -> None:
        """Makes ready to take rows; connects to nothing."""
        self._database = database_of(self._settings)
        self._reader = HeldConnection(self._database)
        self._prober = HeldConnection(self._database)
        self._problem: str | None = None

    def stop(self) -> None:
        """Lets go of the connections."""
        self._reader.drop()
        self._prober.drop()
        self._database.close()

    @property
    def best_writers(self) -> int:
        """How many threads write fastest, each with a writer of its own."""
        return self._database.writers

    def writer(self) -> "LogWriter":
        """A writer for one thread, with a connection of its own."""
        return LogWriter(HeldConnection(self._database), self._settings.log_wait_seconds)

    def recent(self, limit: int) -> list[LoggedPrediction]:
        """The latest rows of the table, newest first.

        Raises:
            LogUnavailableError: it cannot be read.
        """
        until = time.monotonic() + self._settings.log_wait_seconds
        try:
            with self._reader.used(until) as connection:
                rows = connection.newest(limit, until)
        except DatabaseError as error:
            logger.error("%s: %s", NOT_READ, error)
            raise LogUnavailableError(f"{NOT_READ}: {error}") from None
        return [LoggedPrediction.model_validate(_read(row)) for row in rows]

    def probe(self) -> LogState:
        """Whether a row would be kept now: writes one and takes it back."""
        until = time.monotonic() + self._settings.log_wait_seconds
        try:
            with self._prober.used(until) as connection:
                connection.probe(_probe_row(), until)
                self._problem = None
        except DatabaseError as error:
            self._problem = str(error)
        return self.state()

    def state(self) -> LogState:
        """What the last look at the database said."""
        return LogState("database") if self._problem is None else LogState(None, (self._problem,))

    def durability(self) -> Durability:
        """What the database does before it calls a commit done.

        Raises:
            DatabaseError: it cannot be asked.
        """
        with self._prober.used(time.monotonic() + self._settings.log_wait_seconds) as connection:
            return connection.durability


class LogWriter:
    """Writes groups of rows, for one thread."""

    def __init__(self, held: HeldConnection, wait_seconds: float) -> None:
        self._held = held
        self._wait = wait_seconds

    def write(self, rows: Sequence[LoggedRow]) -> Place:
        """Says where the rows are durable by now.

        Raises:
            LogUnavailableError: nothing keeps them, and none is kept.
        """
        until = time.monotonic() + self._wait
        try:
            with self._held.used(until) as connection:
                connection.insert(rows, until)
        except DatabaseError as error:
            logger.error("%s: %s", NOT_WRITTEN, error)
            raise LogUnavailableError(f"{NOT_WRITTEN}: {error}") from None
        return "database"

    def close(self) -> None:
        """Lets go of the connection."""
        self._held.drop()


def database_of(settings: Settings) -> Database:
    """The database that the settings name; connects to nothing."""
    file = sqlite_file(settings, "RAW_DATA")
    if file is not None:
        return SQLite(file)
    return MySQL(make_url(settings.database_server), settings.log_wait_seconds)


def _read(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"inputs": json.loads(row["inputs"])}


def _probe_row() -> LoggedRow:
    return LoggedRow(new_id(), now(), None, "{}", 0, 0.0, 0.0, "", "", "")
