"""Rows for the log's tests, and what is in the table."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from sqlalchemy import text

from app_back.log.prediction_log import PredictionLog
from app_back.log.row import LoggedRow, new_id
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.clock import now
from readmission.features import complete_request

REFERENCE = 'it\'s \\ "7" ñ%s'


def rows(count: int, **changed: object) -> list[LoggedRow]:
    """So many rows with ids of their own."""
    inputs = msgspec.json.encode(complete_request({"encounter_ref": REFERENCE})).decode()
    made = [
        LoggedRow(new_id(), now(), REFERENCE, inputs, 1, 0.1 + 0.2, 1e-7, "m", "1", "real", f"r{number}")
        for number in range(count)
    ]
    return [row._replace(**changed) for row in made]  # type: ignore[arg-type]


def ids(some: list[LoggedRow]) -> Counter[str]:
    """How often each id is there."""
    return Counter(row.prediction_id for row in some)


def in_table(settings: Settings) -> Counter[str]:
    """How often each id is in the table."""
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return Counter(connection.execute(text("SELECT prediction_id FROM predictions")).scalars())


@contextmanager
def started(settings: Settings) -> Iterator[PredictionLog]:
    """A log that is stopped after the block."""
    log = PredictionLog(settings)
    log.start()
    try:
        yield log
    finally:
        log.stop()


def quick(settings: Settings, wait_seconds: float = 1.0) -> Settings:
    """The settings with a short wait for the database."""
    return settings.model_copy(update={"log_wait_seconds": wait_seconds})
