"""A database that does not take rows: nobody waits for it twice, and every row gets there once, with no hand lent."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from app_back.log.prediction_log import PredictionLog
from app_back.log.writer import LogWriter
from connections.settings import Settings
from readmission.prediction import Place
from readmission.storage.databases import initialise
from tests.conftest import Poll
from tests.integration.app_back.log import faults
from tests.integration.app_back.log.rows import ids, in_table, quick, rows, started

WAIT = 1.0
# A server waits for a lock for whole seconds; it is to be the first that gives up.
MYSQL_WAIT = 2.0
# For the scheduler of a busy machine, beyond the wait itself.
A_LITTLE = 0.7
Fault = Callable[[Settings], AbstractContextManager[None]]

ON_SQLITE: dict[str, tuple[Fault, str]] = {
    "locked": (faults.locked_file, "RAW_DATA.predictions is locked by another process"),
    "moved": (faults.moved_file, "the database file RAW_DATA.db was moved or removed"),
    "no table": (faults.no_table, "there is no table RAW_DATA.predictions"),
}
ON_MYSQL: dict[str, tuple[Fault, str]] = {
    "locked": (faults.locked_table, "RAW_DATA.predictions is locked by another connection"),
    "read-only": (faults.read_only, "the database is read-only"),
    "no table": (faults.no_table, "there is no table RAW_DATA.predictions"),
}


def timed(writer: LogWriter, count: int = 3) -> tuple[Place, float, Counter[str]]:
    """Where rows went, how long that took, and their ids."""
    given = rows(count)
    began = time.monotonic()
    place = writer.write(given)
    return place, time.monotonic() - began, ids(given)


def goes_through(
    log: PredictionLog, writer: LogWriter, fault: AbstractContextManager[None], why: str, wait: float = WAIT
) -> Counter[str]:
    """Writes before, under and after a fault, and says which ids were answered."""
    place, _, answered = timed(writer)
    assert place == "database"
    with fault:
        place, seconds, more = timed(writer)
        assert (place, seconds < wait + A_LITTLE) == ("journal", True), (place, seconds)
        answered += more
        for _ in range(5):
            place, seconds, more = timed(writer)
            assert (place, seconds < WAIT / 2) == ("journal", True), (place, seconds)
            answered += more
        state = log.probe()
        assert (state.place, state.rows) == ("journal", 18)
        assert state.problems[0].startswith(why)
        assert state.problems[1] == "18 predictions wait in the journal, which is 0% full"
        assert state.oldest_seconds is not None and state.oldest_seconds > 0
        assert log.waiting() == 18
    return answered


def recovers(log: PredictionLog, writer: LogWriter, settings: Settings, answered: Counter[str], poll: Poll) -> None:
    """Checks that by itself all is in the table once and the journal gone."""
    poll(lambda: log.state().place == "database" and log.state().rows == 0, deadline=20, every=0.05)
    place, _, more = timed(writer)
    assert place == "database"
    assert in_table(settings) == answered + more
    assert log.probe().problems == ()
    assert list((settings.state_dir / "serving/journal").iterdir()) == []


@pytest.mark.parametrize("fault", ON_SQLITE)
def test_a_file_that_takes_no_rows(settings: Settings, fault: str, poll: Poll) -> None:
    initialise(settings)
    settings = quick(settings, WAIT)
    make, why = ON_SQLITE[fault]
    with started(settings) as log:
        writer = log.writer()
        answered = goes_through(log, writer, make(settings), why)
        recovers(log, writer, settings, answered, poll)


@pytest.fixture
def mysql_settings(database_settings: Settings) -> Settings:
    """MySQL alone."""
    if not database_settings.database_server.startswith("mysql"):
        pytest.skip("for MySQL")
    initialise(database_settings)
    return quick(database_settings, WAIT)


@pytest.mark.mysql
@pytest.mark.parametrize("fault", ON_MYSQL)
@pytest.mark.parametrize("database_settings", ["mysql"], indirect=True)
def test_a_server_that_takes_no_rows(mysql_settings: Settings, fault: str, poll: Poll) -> None:
    make, why = ON_MYSQL[fault]
    with started(quick(mysql_settings, MYSQL_WAIT)) as log:
        writer = log.writer()
        answered = goes_through(log, writer, make(mysql_settings), why, MYSQL_WAIT)
        recovers(log, writer, mysql_settings, answered, poll)


@pytest.mark.mysql
@pytest.mark.parametrize("database_settings", ["mysql"], indirect=True)
def test_a_server_that_falls_silent_and_does_late_what_it_was_asked(mysql_settings: Settings, poll: Poll) -> None:
    """The statement is on the way when it is given up: it arrives later, and is carried out beside the drain."""
    way = faults.Way(mysql_settings)
    with way.open(), started(way.settings) as log:
        writer = log.writer()
        answered = goes_through(log, writer, way.clogged(), "the database did not answer in time")
        recovers(log, writer, mysql_settings, answered, poll)


@pytest.mark.mysql
@pytest.mark.parametrize("database_settings", ["mysql"], indirect=True)
def test_a_server_that_is_gone_and_comes_back(mysql_settings: Settings, poll: Poll) -> None:
    way = faults.Way(mysql_settings)
    with started(way.settings) as log:
        writer = log.writer()
        with way.open():
            place, _, answered = timed(writer)
            assert place == "database"
        for _ in range(3):
            place, seconds, more = timed(writer)
            assert (place, seconds < WAIT + A_LITTLE) == ("journal", True)
            answered += more
        assert log.probe().problems[0].startswith(("the database cannot be reached", "the connection to the database"))
        with way.open():
            recovers(log, writer, mysql_settings, answered, poll)


@pytest.mark.mysql
@pytest.mark.parametrize("database_settings", ["mysql"], indirect=True)
def test_a_connection_that_the_server_let_go_is_made_anew_within_the_write(mysql_settings: Settings) -> None:
    with started(mysql_settings) as log:
        writer = log.writer()
        assert timed(writer)[0] == "database"
        with faults.another_session(mysql_settings) as other, other.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE db = 'RAW_DATA' AND id <> CONNECTION_ID()"
            )
            for (connection,) in cursor.fetchall():
                cursor.execute(f"KILL {connection:d}")
        assert timed(writer)[0] == "database"
        assert log.state().problems == ()
    assert sum(in_table(mysql_settings).values()) == 6


@pytest.mark.mysql
@pytest.mark.parametrize("database_settings", ["mysql"], indirect=True)
def test_a_statement_that_waits_behind_a_lock_and_commits_late_is_not_doubled(
    mysql_settings: Settings, poll: Poll
) -> None:
    settings = quick(mysql_settings, 0.5)  # the server itself gives up after 1 s
    with started(settings) as log:
        writer = log.writer()
        with faults.locked_table(settings):
            given = rows(5)
            assert writer.write(given) == "journal"
        poll(lambda: log.state().rows == 0, deadline=20, every=0.05)
    assert in_table(settings) == ids(given)
