"""The log of answered predictions: one row of `RAW_DATA.predictions` each."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from app_back.errors import LogUnavailableError
from app_back.log.state import LogState
from connections.mysql_connections import engine_for
from connections.sqlite_files import DatabaseFileError
from connections.tables import predictions
from readmission.prediction import LoggedPrediction

logger = logging.getLogger(__name__)

NOT_WRITTEN = "RAW_DATA.predictions could not be written, so the prediction is withheld"
NOT_READ = "RAW_DATA.predictions could not be read"
WHAT_TO_CHECK = "check that the database answers and that the DAG crear_bases_si_no_existen has run"


class PredictionLog:
    """The log in the database, over the process's one pooled engine. What `record` has returned from is durable."""

    def __init__(self, settings) -> None:
        self._engine = engine_for(settings, "RAW_DATA")

    def start(self):
        pass

    def stop(self):
        pass

    def state(self):
        return LogState("database")

    def writer(self):
        return LogWriter(self._engine)

    def probe(self):
        self.check()
        return LogState("database")

    def record(self, prediction: LoggedPrediction) -> None:
        """Inserts one row and commits.

        Raises:
            LogUnavailableError: the database refused it or is not there.
        """
        with _unavailable(NOT_WRITTEN), self._engine.begin() as connection:
            connection.execute(insert(predictions), prediction.model_dump())

    def check(self) -> None:
        """Asks whether the table can be read, whatever its rows hold.

        Raises:
            LogUnavailableError: it cannot.
        """
        with _unavailable(NOT_READ), self._engine.connect() as connection:
            connection.execute(select(predictions.c.prediction_id).limit(1)).all()

    def recent(self, limit: int) -> list[LoggedPrediction]:
        """The latest rows, newest first.

        Raises:
            LogUnavailableError: the table cannot be read.
        """
        newest = select(predictions).order_by(predictions.c.created_at.desc(), predictions.c.prediction_id).limit(limit)
        with _unavailable(NOT_READ), self._engine.connect() as connection:
            return [LoggedPrediction.model_validate(row) for row in connection.execute(newest).mappings()]


@contextmanager
def _unavailable(what: str) -> Iterator[None]:
    try:
        yield
    except DatabaseFileError as error:
        logger.error("%s: %s", what, error)
        raise LogUnavailableError(f"{what}: {error.reason}") from None
    except SQLAlchemyError as error:
        # Only the driver's words: SQLAlchemy's quote the row, and patients do not belong in a log.
        logger.error("%s: %s", what, getattr(error, "orig", None) or type(error).__name__)
        raise LogUnavailableError(f"{what}; {WHAT_TO_CHECK}") from None


Place = Literal["database", "journal"]


class _Old(NamedTuple):
    place: Place | None = "database"
    problem: str | None = None
    rows: int = 0
    bytes: int = 0
    oldest_seconds: float = 0


class LogWriter:
    def __init__(self, engine):
        self._engine = engine

    def write(self, rows):
        with _unavailable(NOT_WRITTEN), self._engine.begin() as connection:
            connection.execute(
                insert(predictions),
                [
                    {k: v for k, v in r._asdict().items() if k != "request_id"} | {"inputs": json.loads(r.inputs)}
                    for r in rows
                ],
            )
        return "database"

    def close(self):
        pass
