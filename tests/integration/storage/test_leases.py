"""A lease is held by one, kept alive by its processes, and freed by nobody else while it is there."""

from datetime import datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import Engine, delete, insert, select

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import leases as table
from readmission.errors import InUseError
from readmission.storage import leases
from readmission.storage.databases import initialise
from readmission.storage.leases import Owner
from tests.conftest import Poll

NAME = leases.PREPARED_SET
DAG_RUN = Owner(dag_id="entrenar_modelo", run_id="manual__2026-01-01T12:00:00+00:00")
PROGRAM = Owner.this_process()


@pytest.fixture
def settings(database_settings: Settings) -> Settings:
    """On SQLite, and on MySQL where a server is given."""
    return database_settings


@pytest.fixture
def engine(settings: Settings) -> Engine:
    initialise(settings)
    return engine_for(settings, "CLEAN_DATA")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> "At":
    return At(monkeypatch)


class At:
    """Sets the moment that the leases' clock shows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, moment: datetime) -> None:
        self._monkeypatch.setattr(leases, "_moment", lambda _connection: moment)


def holders(engine: Engine) -> list[tuple[str, datetime]]:
    with engine.connect() as connection:
        return [(row.holder, row.expires_at) for row in connection.execute(select(table))]


def test_a_lease_is_taken_and_kept_from_others(engine: Engine) -> None:
    leases.check_free(engine, NAME)
    leases.acquire(engine, NAME, "one", DAG_RUN)
    with pytest.raises(InUseError, match="MLflow run one"):
        leases.acquire(engine, NAME, "other", PROGRAM)
    with pytest.raises(InUseError):
        leases.check_free(engine, NAME)
    assert [holder for holder, _ in holders(engine)] == ["one"]


def test_who_finds_it_held_is_told_by_which_run_and_how_it_is_freed(engine: Engine) -> None:
    leases.acquire(engine, NAME, "one", DAG_RUN)
    with pytest.raises(InUseError, match=r"\+00:00 of the DAG entrenar_modelo since 20.* `readmission unlock` frees"):
        leases.check_free(engine, NAME)
    leases.release(engine, NAME, "one")
    leases.acquire(engine, NAME, "two", PROGRAM)
    with pytest.raises(InUseError, match=r"in use by process \d+ on \S+ since 20"):
        leases.check_free(engine, NAME)


def test_other_names_are_other_leases(engine: Engine) -> None:
    leases.acquire(engine, NAME, "one", DAG_RUN)
    leases.acquire(engine, "another", "other", PROGRAM)
    leases.check_free(engine, "a third")
    assert len(holders(engine)) == 2


def test_its_holder_renews_it(engine: Engine, at: At) -> None:
    start = datetime(2026, 1, 1, 12)
    for seconds in (0, 20, 70):
        at(start + timedelta(seconds=seconds))
        leases.acquire(engine, NAME, "one", DAG_RUN)
    assert holders(engine) == [("one", start + timedelta(seconds=70) + leases.DURATION)]
    with pytest.raises(InUseError, match="since 2026-01-01 12:00:00 UTC"):
        leases.acquire(engine, NAME, "other", PROGRAM)


def test_it_is_not_alive_when_nobody_renews_it_but_stays_taken(engine: Engine, at: At) -> None:
    """A DAG run whose next task is still queued renews nothing: whoever wants it has to ask."""
    start = datetime(2026, 1, 1, 12)
    at(start)
    leases.acquire(engine, NAME, "quiet", DAG_RUN)
    alive = []
    for moment in (start + leases.DURATION, start + leases.DURATION + timedelta(seconds=1)):
        at(moment)
        lease = leases.held(engine, NAME)
        assert lease is not None and lease.owner == DAG_RUN
        alive.append(lease.alive)
    assert alive == [True, False]
    with pytest.raises(InUseError):
        leases.check_free(engine, NAME)


def test_only_its_holder_releases_it(engine: Engine) -> None:
    leases.acquire(engine, NAME, "one", DAG_RUN)
    leases.release(engine, NAME, "other")
    with pytest.raises(InUseError):
        leases.check_free(engine, NAME)
    leases.release(engine, NAME, "one")
    leases.release(engine, NAME, "one")
    leases.check_free(engine, NAME)


def test_it_is_kept_alive_while_its_process_works_and_not_after(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, poll: Poll
) -> None:
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.02)
    with leases.kept(engine, NAME, "one", DAG_RUN):
        ((_, first),) = holders(engine)
        poll(lambda: holders(engine)[0][1] > first)
    ((_, last),) = holders(engine)
    assert not Event().wait(0.1)
    assert holders(engine) == [("one", last)]


def test_a_lease_that_was_taken_away_is_not_made_anew(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, poll: Poll
) -> None:
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.02)
    with leases.kept(engine, NAME, "one", DAG_RUN):
        leases.release(engine, NAME, "one")
        poll(lambda: "was taken from one" in caplog.text)
    assert holders(engine) == []


def test_a_lease_of_before_the_migration_names_its_run(engine: Engine) -> None:
    moment = datetime(2026, 1, 1)
    with engine.begin() as connection:
        connection.execute(delete(table))
        connection.execute(insert(table).values(name=NAME, holder="old", acquired_at=moment, expires_at=moment))
    lease = leases.held(engine, NAME)
    assert lease is not None and str(lease.owner) == "old" and not lease.alive


def test_times_are_the_databases(engine: Engine) -> None:
    leases.acquire(engine, NAME, "one", DAG_RUN)
    lease = leases.held(engine, NAME)
    assert lease is not None and lease.expires_at - lease.acquired_at == leases.DURATION
