"""The log of answered predictions: one row of `RAW_DATA.predictions` each."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from sqlalchemy import Engine, Row, insert, select
from sqlalchemy.exc import SQLAlchemyError

from app_back.errors import LogUnavailableError
from connections.tables import predictions
from readmission.features import Value

logger = logging.getLogger(__name__)

NOT_WRITTEN = "RAW_DATA.predictions could not be written, so the prediction is withheld"
NOT_READ = "RAW_DATA.predictions could not be read"


@dataclass(frozen=True)
class Prediction:
    """An answered prediction, as it is logged; `created_at` is UTC without a zone."""

    prediction_id: str
    created_at: datetime
    encounter_ref: str | None
    inputs: dict[str, Value]
    prediction: Literal[0, 1]
    probability: float
    threshold: float
    model_name: str
    model_version: str
    dataset: str


class PredictionLog(Protocol):
    """Where answered predictions are kept."""

    def record(self, prediction: Prediction) -> None:
        """Keeps a prediction; when it returns, the prediction is durable.

        Raises:
            LogUnavailableError: it was not kept.
        """

    def recent(self, limit: int) -> list[Prediction]:
        """The latest predictions, newest first.

        Raises:
            LogUnavailableError: the log cannot be read.
        """


class DatabasePredictionLog:
    """The log in the database, over the process's one pooled engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, prediction: Prediction) -> None:
        """Inserts one row and commits.

        Raises:
            LogUnavailableError: the database refused it or is not there.
        """
        with _unavailable(NOT_WRITTEN), self._engine.begin() as connection:
            connection.execute(insert(predictions), vars(prediction))

    def recent(self, limit: int) -> list[Prediction]:
        """The latest rows, newest first.

        Raises:
            LogUnavailableError: the table cannot be read.
        """
        newest = select(predictions).order_by(predictions.c.created_at.desc(), predictions.c.prediction_id).limit(limit)
        with _unavailable(NOT_READ), self._engine.connect() as connection:
            return [_prediction(row) for row in connection.execute(newest)]


def _prediction(row: Row[Any]) -> Prediction:
    return Prediction(**row._mapping)


@contextmanager
def _unavailable(what: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # Only the driver's words: SQLAlchemy's quote the row, and patients do not belong in a log.
        logger.error("%s: %s", what, getattr(error, "orig", None) or type(error).__name__)
        raise LogUnavailableError(
            f"{what}; check that the database answers and that the DAG crear_bases_si_no_existen has run"
        ) from None
