"""A lease is held by one, renewed by its holder, and runs out."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import leases as table
from readmission.errors import InUseError
from readmission.storage import leases
from readmission.storage.databases import initialise

NAME = leases.PREPARED_SET


@pytest.fixture
def settings(database_settings: Settings) -> Settings:
    """On SQLite, and on MySQL where a server is given."""
    return database_settings


@pytest.fixture
def engine(settings: Settings) -> Engine:
    initialise(settings)
    return engine_for(settings, "CLEAN_DATA")


def at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "now", lambda: moment)


def holders(engine: Engine) -> list[tuple[str, datetime]]:
    with engine.connect() as connection:
        return [(row.holder, row.expires_at) for row in connection.execute(select(table))]


def test_a_lease_is_taken_and_kept_from_others(engine: Engine) -> None:
    leases.check_free(engine, NAME)
    leases.acquire(engine, NAME, "one")
    with pytest.raises(InUseError, match="in use by one since"):
        leases.acquire(engine, NAME, "other")
    with pytest.raises(InUseError, match="the lease runs out at"):
        leases.check_free(engine, NAME)
    assert [holder for holder, _ in holders(engine)] == ["one"]


def test_other_names_are_other_leases(engine: Engine) -> None:
    leases.acquire(engine, NAME, "one")
    leases.acquire(engine, "another", "other")
    leases.check_free(engine, "a third")
    assert len(holders(engine)) == 2


def test_its_holder_renews_it(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2026, 1, 1, 12)
    for minutes in (0, 20, 40):
        at(start + timedelta(minutes=minutes), monkeypatch)
        leases.acquire(engine, NAME, "one")
    assert holders(engine) == [("one", start + timedelta(minutes=40) + leases.DURATION)]
    with pytest.raises(InUseError, match="since 2026-01-01 12:00:00 UTC"):
        leases.acquire(engine, NAME, "other")


def test_it_runs_out_when_nobody_renews_it(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2026, 1, 1, 12)
    at(start, monkeypatch)
    leases.acquire(engine, NAME, "dead")
    at(start + leases.DURATION, monkeypatch)
    with pytest.raises(InUseError):
        leases.check_free(engine, NAME)
    at(start + leases.DURATION + timedelta(seconds=1), monkeypatch)
    leases.check_free(engine, NAME)
    leases.acquire(engine, NAME, "next")
    assert [holder for holder, _ in holders(engine)] == ["next"]


def test_only_its_holder_releases_it(engine: Engine) -> None:
    leases.acquire(engine, NAME, "one")
    leases.release(engine, NAME, "other")
    with pytest.raises(InUseError):
        leases.check_free(engine, NAME)
    leases.release(engine, NAME, "one")
    leases.release(engine, NAME, "one")
    leases.check_free(engine, NAME)
