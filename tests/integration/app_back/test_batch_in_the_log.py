"""A batch is in the table whole or not at all, also where its transaction breaks off in the middle."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import func, insert, select

from app_back.errors import LogUnavailableError
from app_back.log.prediction_log import PredictionLog
from app_back.log.row import LoggedRow, new_id
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.clock import now
from readmission.storage.databases import initialise

ROWS = 1_200  # more than one statement


def rows() -> list[LoggedRow]:
    """A batch's rows."""
    told = (None, "{}", 0, 0.1, 0.2, "modelo", "1", "synthetic", "of-a-batch")
    return [LoggedRow(new_id(), now(), *told) for _ in range(ROWS)]


@pytest.fixture
def log(database_settings: Settings) -> Iterator[PredictionLog]:
    initialise(database_settings)
    log = PredictionLog(database_settings)
    log.start()
    yield log
    log.stop()


def count(settings: Settings) -> int:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return connection.execute(select(func.count()).select_from(predictions)).scalar_one()


def test_a_whole_batch_is_one_commit(log: PredictionLog, database_settings: Settings) -> None:
    assert _places(log, rows()) == ["database"]
    assert count(database_settings) == ROWS


def test_a_batch_that_breaks_off_in_the_middle_leaves_no_row(log: PredictionLog, database_settings: Settings) -> None:
    """Somebody holds the key of its last row: the statements before it are done, and its connection is cut."""
    batch, engine = rows(), engine_for(database_settings, "RAW_DATA")
    with engine.connect() as holder:
        holder.execute(insert(predictions), {**batch[-1]._asdict(), "inputs": {}})
        began = time.monotonic()
        written = _places(log, batch)
        assert 0.5 < time.monotonic() - began < 10
        assert "database" not in written
        assert count(database_settings) == 0
        holder.rollback()


def _places(log: PredictionLog, batch: list[LoggedRow]) -> list[str]:
    try:
        return [log.writer().write(batch, 1.0)]
    except LogUnavailableError:
        return []
