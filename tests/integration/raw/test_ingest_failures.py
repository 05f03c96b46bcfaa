"""Loads that break off, collide, or cannot begin: the rows in use stay, and the record says what happened."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import MetaData, func, insert, select, text

from connections.mysql_connections import engine_for, is_sqlite
from connections.settings import Settings
from connections.tables import loads
from readmission.errors import InvalidFileError, LoadError, ReadmissionError, SourceError
from readmission.raw.ingest import current_load, load
from readmission.storage.contract_tables import initial_data_table
from tests.integration.conftest import MYSQL, on_server
from tests.integration.raw.loaded import ONLY_OURS, ROWS, attempts, expected, stored, tables


def test_loads_at_the_same_time_take_turns(database: Settings, encounters: Path) -> None:
    with ThreadPoolExecutor(3) as threads:
        outcomes = list(threads.map(lambda _: load(database, encounters).outcome, range(3)))
    assert sorted(outcomes) == ["loaded", "unchanged", "unchanged"]
    assert len(stored(database)) == ROWS


def test_a_load_that_breaks_off_changes_nothing(database: Settings, encounters: Path, others: Path) -> None:
    first = load(database, others)
    with pytest.raises(ConnectionError, match="cable"):
        load(database, encounters, progress=_breaks_off)
    assert stored(database) == expected(others)
    assert current_load(database) == first
    assert tables(database) == ONLY_OURS
    assert [(row["outcome"], row["detail"]) for row in attempts(database)][1] == ("failed", "the cable was pulled")
    assert load(database, encounters).rows == ROWS


def _breaks_off(done: int, total: int | None) -> None:
    assert done < (total or 0), "the file must need more than one block"
    raise ConnectionError("the cable was pulled")


def test_an_attempt_that_never_ended_is_closed_by_the_next(database: Settings, encounters: Path) -> None:
    load(database, encounters)
    with engine_for(database, "RAW_DATA").begin() as connection:
        started = attempts(database)[0]["started_at"]
        connection.execute(insert(loads).values(source="x.csv", started_at=started, outcome="running"))
    assert load(database, encounters).outcome == "unchanged"
    assert [(row["outcome"], row["detail"]) for row in attempts(database)][1] == ("failed", "broken off")


def test_a_file_that_changes_meanwhile_is_refused(database: Settings, encounters: Path, tmp_path: Path) -> None:
    path = tmp_path / "growing.csv"
    path.write_bytes(encounters.read_bytes())

    def change_it(done: int, total: int | None) -> None:
        if done == total:
            path.write_bytes(encounters.read_bytes() + b"\n")

    with pytest.raises(InvalidFileError, match="was changed while it was read"):
        load(database, path, progress=change_it)
    assert current_load(database) is None


def test_a_missing_file_is_named(database: Settings) -> None:
    with pytest.raises(SourceError, match=r"there is no file .*Diabetes\.csv: set DATASET_SOURCE"):
        load(database)
    assert attempts(database)[0]["outcome"] == "failed"


def test_databases_must_be_initialised_first(database_settings: Settings, encounters: Path) -> None:
    if database_settings.database_url is not None:
        on_server("CREATE DATABASE RAW_DATA")
    assert current_load(database_settings) is None
    with pytest.raises(ReadmissionError, match=r"run crear_bases_si_no_existen first|the job migrate"):
        load(database_settings, encounters)


def test_other_writers_are_served_during_a_load(database: Settings, encounters: Path) -> None:
    load(database, encounters)
    engine = engine_for(database, "RAW_DATA")

    def write_and_read(done: int, total: int | None) -> None:
        with engine.begin() as connection:
            if is_sqlite(engine):
                connection.exec_driver_sql("PRAGMA busy_timeout = 500")
            connection.execute(text("DELETE FROM predictions"))
            rows = connection.execute(select(func.count()).select_from(initial_data_table(MetaData())))
            assert rows.scalar_one() == ROWS, f"the table in use must stay whole at {done} of {total}"

    assert load(database, encounters, force=True, progress=write_and_read).outcome == "loaded"


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
def test_mysql_that_refuses_local_files_is_an_error_and_no_hang(database: Settings, encounters: Path) -> None:
    on_server("SET GLOBAL local_infile = 0")
    try:
        with pytest.raises(LoadError, match="start MySQL with --local-infile=1"):
            load(database, encounters)
    finally:
        on_server("SET GLOBAL local_infile = 1")
    assert attempts(database)[0]["outcome"] == "failed"
    assert tables(database) == ONLY_OURS
