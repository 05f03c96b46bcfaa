"""A disk that fills ends a load in one line, and what was there stays; after the swap nothing fails any more."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import loads
from readmission import synthetic
from readmission.errors import DiskFullError
from readmission.raw import ingest
from readmission.storage.contract_tables import INITIAL_DATA
from readmission.storage.databases import initialise
from readmission.storage.table_swap import count
from tests.integration.conftest import MYSQL, on_server

ROWS = 2_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("csv")
    for seed in range(3):
        synthetic.write(folder / f"{seed}.csv", ROWS + seed, seed=seed)
    return [folder / f"{seed}.csv" for seed in range(3)]


@pytest.fixture
def loaded(database_settings: Settings, files: list[Path]) -> Settings:
    initialise(database_settings)
    ingest.load(database_settings, files[0])
    return database_settings


@contextmanager
def full_at(settings: Settings, more_rows: int) -> Iterator[None]:
    """The database's disk has room for about as many rows more."""
    engine = engine_for(settings, "RAW_DATA")
    with engine.connect() as connection:
        used, free, size = (int(connection.exec_driver_sql(f"PRAGMA {what}").scalar_one()) for what in PAGES)
    most = used - free + more_rows * ROW_BYTES // size

    def limit(connection: Any, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most}")

    event.listen(engine, "checkout", limit)
    try:
        yield
    finally:
        event.remove(engine, "checkout", limit)
        engine.dispose()


PAGES = ("page_count", "freelist_count", "page_size")
ROW_BYTES = 320


def present(settings: Settings) -> int:
    return count(engine_for(settings, "RAW_DATA"), INITIAL_DATA)


def last(settings: Settings) -> dict[str, Any]:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        row = connection.execute(select(loads).order_by(loads.c.load_id.desc())).mappings().first()
    assert row is not None
    return dict(row)


@pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)
def test_a_full_disk_is_one_line_and_loses_nothing(loaded: Settings, files: list[Path]) -> None:
    folder = loaded.state_dir / "databases"
    with full_at(loaded, ROWS // 2), pytest.raises(DiskFullError) as full:
        ingest.load(loaded, files[1])
    said = f"the disk is full (database or disk is full): free space on {folder}, then run this again; the rows that"
    assert str(full.value).startswith(said) and "\n" not in str(full.value)
    current = ingest.current_load(loaded)
    assert current is not None and (current.load_id, current.rows, present(loaded)) == (1, ROWS, ROWS)
    assert ingest.load(loaded, files[1]).rows == ROWS + 1, "after space was freed"


@pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)
def test_what_could_be_undone_makes_room(loaded: Settings, files: list[Path], caplog: pytest.LogCaptureFixture) -> None:
    ingest.load(loaded, files[1])
    with full_at(loaded, ROWS // 2), caplog.at_level(logging.WARNING):
        assert ingest.load(loaded, files[2]).rows == ROWS + 2
    assert "what an undo could have brought back was dropped for the room" in caplog.text
    assert (last(loaded)["outcome"], present(loaded)) == ("loaded", ROWS + 2)
    assert ingest.undo(loaded).back.load_id == 2


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
def test_a_full_table_of_mysql_is_one_line_and_loses_nothing(loaded: Settings, files: list[Path]) -> None:
    """Its engine for tables in memory answers as a full disk does, and can be had small."""
    engine_for(loaded, "RAW_DATA").dispose()
    on_server("SET GLOBAL default_storage_engine = MEMORY")
    on_server("SET GLOBAL max_heap_table_size = 16384")
    try:
        with pytest.raises(
            DiskFullError,
            match=r"the disk is full \(.*is full\S* \(MySQL error 1114\)\): free space on the disk of the",
        ):
            ingest.load(loaded, files[1])
    finally:
        on_server("SET GLOBAL max_heap_table_size = 16777216")
        on_server("SET GLOBAL default_storage_engine = InnoDB")
        engine_for(loaded, "RAW_DATA").dispose()
    assert (last(loaded)["outcome"], present(loaded)) == ("failed", ROWS)
    assert "free space on the disk of the MySQL server" in last(loaded)["detail"]
    assert ingest.load(loaded, files[1]).rows == ROWS + 1


def no_space(_done: int, _total: int | None) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "/tmp/load-data-x/rows.csv")


def test_a_full_folder_for_temporary_files_is_named(loaded: Settings, files: list[Path]) -> None:
    with pytest.raises(DiskFullError, match=r"free space on /tmp/load-data-x/rows\.csv, then run this again"):
        ingest.load(loaded, files[1], progress=no_space)
    assert present(loaded) == ROWS


def test_a_table_that_cannot_be_dropped_after_the_swap_fails_no_load(
    loaded: Settings, files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    ingest.load(loaded, files[1])
    engine = engine_for(loaded, "RAW_DATA")

    def refuse(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.strip().startswith("DROP TABLE initial_data_old"):
            raise OSError(errno.ENOSPC, "No space left on device")

    event.listen(engine, "before_cursor_execute", refuse)
    try:
        with caplog.at_level(logging.WARNING):
            third = ingest.load(loaded, files[2])
    finally:
        event.remove(engine, "before_cursor_execute", refuse)
    assert "initial_data_old could not be dropped yet, the next run will" in caplog.text
    assert (last(loaded)["outcome"], ingest.current_load(loaded)) == ("loaded", third)
    assert ingest.load(loaded, files[0]).outcome == "loaded"


@pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)
def test_a_lock_that_cannot_be_written_is_not_said_to_be_somebody_elses(loaded: Settings, files: list[Path]) -> None:
    """On a full disk not even the lock can be taken."""
    lock = loaded.state_dir / "databases/initial_data.lock"
    lock.unlink()
    lock.mkdir()
    with pytest.raises(OperationalError, match="unable to open database file"):
        ingest.load(loaded, files[1])


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
def test_a_lock_that_fell_with_its_connection_fails_no_load(loaded: Settings, files: list[Path]) -> None:
    def kill_the_lock(done: int, total: int | None) -> None:
        if done == total:
            held = "SELECT IS_USED_LOCK('initial_data')"
            (holder,) = on_server(held)[0]
            on_server(f"KILL {holder}")

    assert ingest.load(loaded, files[1], progress=kill_the_lock).outcome == "loaded"
    assert present(loaded) == ROWS + 1
