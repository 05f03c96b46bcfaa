"""A batch that waits in the journal gets into the table whole: nobody sees a part of it, however often that fails."""

from contextlib import ExitStack

import pymysql
import pytest
from sqlalchemy import text

from app_back.log.prediction_log import PredictionLog
from connections.mysql_connections import engine_for, is_sqlite
from connections.settings import Settings
from readmission.storage.databases import initialise
from tests.conftest import Poll
from tests.integration.app_back.log import faults
from tests.integration.app_back.log.rows import ids, in_table, quick, rows, started
from tests.largest_file import largest_file

BATCH = 3_000
CUTS = 3


def rows_in_table(settings: Settings) -> int:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return int(connection.execute(text("SELECT COUNT(*) FROM predictions")).scalar_one())


def is_drained(log: PredictionLog) -> bool:
    return log.state().rows == 0


def test_the_first_rows_of_a_batch_that_show_are_all_of_it(logging_settings: Settings, poll: Poll) -> None:
    """A batch may take longer than a statement is waited for."""
    given = rows(10_000)
    with started(quick(logging_settings, 0.3)) as log:
        with faults.no_table(logging_settings):
            assert log.writer().write(given) == "journal"
        assert poll(lambda: rows_in_table(logging_settings), deadline=60, every=0.001) == 10_000
        poll(lambda: is_drained(log), deadline=20, every=0.02)
    assert in_table(logging_settings) == ids(given)


def test_a_disk_that_fills_while_a_batch_is_drained_keeps_none_of_it(settings: Settings, poll: Poll) -> None:
    initialise(settings)
    given = rows(BATCH)
    with started(quick(settings)) as log:
        with ExitStack() as away:
            away.enter_context(faults.no_table(settings))
            assert log.writer().write(given) == "journal"
            # 256 rows would find room, the batch does not.
            with largest_file(1_500_000):
                away.close()
                poll(lambda: "input/output error" in str(log.state().reason) or in_table(settings), 20, every=0.02)
                assert not in_table(settings)
        poll(lambda: is_drained(log), deadline=20, every=0.02)
    assert in_table(settings) == ids(given)


@pytest.mark.mysql
@pytest.mark.parametrize("database_settings", ["mysql"], indirect=True)
def test_a_connection_that_is_cut_while_a_batch_is_drained_leaves_none_of_it(
    database_settings: Settings, poll: Poll
) -> None:
    """Somebody holds the key of a row near the batch's end: the drain waits there, and is cut there."""
    if is_sqlite(engine_for(database_settings, "RAW_DATA")):
        pytest.skip("for MySQL")
    initialise(database_settings)
    given = rows(BATCH)
    late = given[-100]
    with started(quick(database_settings, 3.0)) as log, faults.another_session(database_settings) as other:
        other.begin()
        other.query(
            "INSERT INTO RAW_DATA.predictions SET created_at = NOW(), inputs = '{}', prediction = 0, probability = 0, "
            f"threshold = 0, model_name = '', model_version = '', dataset = '', prediction_id = '{late.prediction_id}'"
        )
        assert log.writer().write(given) == "journal"
        for _ in range(CUTS):
            poll(lambda: cut_in_the_middle(other), deadline=15, every=0.05)
            assert rows_in_table(database_settings) == 0
        other.rollback()
        poll(lambda: is_drained(log), deadline=30, every=0.02)
    assert in_table(database_settings) == ids(given)


def cut_in_the_middle(session: "pymysql.Connection[pymysql.cursors.Cursor]") -> bool:
    """Ends the connection that waits for the lock, with most of a batch added; says whether there was one."""
    with session.cursor() as cursor:
        cursor.execute(
            "SELECT processlist_id FROM performance_schema.data_lock_waits JOIN performance_schema.threads "
            "ON thread_id = requesting_thread_id"
        )
        found = cursor.fetchone()
        if found is None:
            return False
        try:
            cursor.execute(f"KILL {found[0]:d}")
        except pymysql.err.OperationalError:  # it gave up by itself
            return False
        return True


def test_many_rows_of_a_batch_that_are_refused_are_set_aside_and_the_rest_goes_in(
    logging_settings: Settings, poll: Poll
) -> None:
    if is_sqlite(engine_for(logging_settings, "RAW_DATA")):
        faults.narrow(logging_settings)
    given = [row._replace(model_name="m" * 129) if place % 300 == 7 else row for place, row in enumerate(rows(BATCH))]
    bad = [row for row in given if len(row.model_name) > 128]
    with started(logging_settings) as log:
        assert log.writer().write(given) == "journal"
        assert poll(lambda: rows_in_table(logging_settings), deadline=20, every=0.001) == BATCH - len(bad)
        poll(lambda: is_drained(log), deadline=20, every=0.02)
    (aside,) = (logging_settings.state_dir / "serving/journal").glob("*.refused")
    assert in_table(logging_settings) == ids(given) - ids(bad)
    lines = aside.read_bytes().splitlines()
    assert len(lines) == len(bad) == 10
    assert all(row.prediction_id.encode() in line for row, line in zip(bad, lines, strict=True))
