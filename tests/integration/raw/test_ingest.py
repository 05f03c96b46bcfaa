"""A valid file replaces the table; the same file changes nothing; loads are recorded and do not collide."""

import csv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from sqlalchemy import MetaData, func, insert, inspect, select, text

from connections.mysql_connections import engine_for, is_sqlite
from connections.settings import Settings
from connections.tables import loads
from readmission import synthetic
from readmission.dataset.origin import Origin, file_sha256, recorded
from readmission.errors import InvalidFileError, LoadError, ReadmissionError, SourceError
from readmission.features import COLUMN_NAMES, SOURCE_COLUMNS
from readmission.raw.ingest import Load, current_load, load
from readmission.storage.contract_tables import initial_data_table
from readmission.storage.databases import initialise
from tests.integration.conftest import MYSQL, on_server

ROWS = 6_000


@pytest.fixture(scope="module")
def encounters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("csv") / "encounters.csv"
    synthetic.write(path, ROWS, seed=1)
    return path


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("csv") / "others.csv"
    synthetic.write(path, 2_500, seed=2)
    return path


@pytest.fixture
def database(database_settings: Settings) -> Settings:
    initialise(database_settings)
    return database_settings


def expected(path: Path) -> list[tuple[Any, ...]]:
    readers: list[Callable[[str], Any]] = [str if column.kind == "text" else int for column in SOURCE_COLUMNS]
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return sorted(tuple(read(cell) for read, cell in zip(readers, row, strict=True)) for row in rows)


def stored(settings: Settings) -> list[tuple[Any, ...]]:
    table = initial_data_table(MetaData())
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return [tuple(row) for row in connection.execute(select(table).order_by(table.c.encounter_id))]


def tables(settings: Settings) -> set[str]:
    return set(inspect(engine_for(settings, "RAW_DATA")).get_table_names())


def attempts(settings: Settings) -> list[dict[str, Any]]:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return [dict(row) for row in connection.execute(select(loads).order_by(loads.c.load_id)).mappings()]


ONLY_OURS = {"alembic_version", "initial_data", "loads", "predictions"}
WITH_WHAT_WAS_REPLACED = ONLY_OURS | {"initial_data_replaced"}


def test_every_cell_of_the_file_is_in_the_table(database: Settings, encounters: Path) -> None:
    assert current_load(database) is None
    told: list[tuple[int, int | None]] = []
    loaded = load(database, encounters, progress=lambda done, total: told.append((done, total)))
    assert loaded == Load(1, ROWS, file_sha256(encounters), "synthetic", "loaded")
    assert stored(database) == expected(encounters)
    assert current_load(database) == loaded
    assert tables(database) == ONLY_OURS
    assert told[-1] == (ROWS, ROWS)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_an_attempt_is_recorded(database: Settings, encounters: Path) -> None:
    load(database, encounters)
    (row,) = attempts(database)
    assert row["started_at"] < row["finished_at"]
    del row["started_at"], row["finished_at"]
    assert row == {
        "load_id": 1,
        "source": "encounters.csv",
        "sha256": file_sha256(encounters),
        "dataset": "synthetic",
        "rows": ROWS,
        "outcome": "loaded",
        "detail": None,
        "counts": ANY,  # test_remarks.py
    }


def test_the_source_is_the_address_that_a_file_came_from(database: Settings) -> None:
    path = database.dataset_path
    synthetic.write(path, 1_000, seed=3)
    with recorded(path, Origin("https://example.org/data.zip", file_sha256(path))):
        pass
    load(database)
    assert attempts(database)[0]["source"] == "https://example.org/data.zip"
    synthetic.write(path, 1_001, seed=3)
    load(database)
    assert attempts(database)[1]["source"] == path.name, "another file in its place did not come from there"


def test_the_same_file_again_changes_nothing(database: Settings, encounters: Path) -> None:
    first = load(database, encounters)
    again = load(database, encounters)
    assert again == Load(first.load_id, ROWS, first.sha256, "synthetic", "unchanged")
    assert [(row["outcome"], row["detail"]) for row in attempts(database)] == [
        ("loaded", None),
        ("unchanged", "the same file as load 1"),
    ]
    assert current_load(database) == first


def test_forced_the_same_file_gives_the_same_table(database: Settings, encounters: Path) -> None:
    load(database, encounters)
    before = stored(database)
    assert load(database, encounters, force=True).load_id == 2
    assert stored(database) == before
    assert tables(database) == WITH_WHAT_WAS_REPLACED


def test_another_file_replaces_all_rows(database: Settings, encounters: Path, others: Path) -> None:
    load(database, encounters)
    assert load(database, others, allow_shrink=True).rows == 2_500
    assert stored(database) == expected(others)
    assert load(database, encounters).outcome == "loaded", "an earlier file is not the current one"


def test_rows_that_were_lost_are_loaded_again(database: Settings, encounters: Path) -> None:
    load(database, encounters)
    with engine_for(database, "RAW_DATA").begin() as connection:
        connection.execute(text("DELETE FROM initial_data WHERE encounter_id % 100 = 0"))
    assert current_load(database) is None
    assert load(database, encounters).outcome == "loaded"
    assert len(stored(database)) == ROWS


def test_no_load_is_current_when_the_table_is_gone(database: Settings, encounters: Path) -> None:
    load(database, encounters)
    with engine_for(database, "RAW_DATA").begin() as connection:
        connection.execute(text("DROP TABLE initial_data"))
    assert current_load(database) is None
    assert load(database, encounters).outcome == "loaded"
    assert len(stored(database)) == ROWS


def test_odd_but_valid_files_give_the_same_table(database: Settings, encounters: Path, tmp_path: Path) -> None:
    with encounters.open(newline="") as file:
        rows = list(csv.reader(file))
    odd = tmp_path / "odd.csv"
    with odd.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerows(row[::-1] for row in rows)
        file.write("\r\n\r\n")
    assert load(database, odd).rows == ROWS
    assert stored(database) == expected(encounters)


def test_what_a_csv_must_quote_arrives_as_it_is(database: Settings, tmp_path: Path) -> None:
    path = tmp_path / "awkward.csv"
    synthetic.write(path, 1_000, seed=4)
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    awkward = ['a "quoted", word', "back\\slash", "\\N", "'; DROP TABLE loads; --", "Médico 🏥", " spaces ", "NULL"]
    place = COLUMN_NAMES.index("medical_specialty")
    for row, value in zip(rows[1:], awkward, strict=False):
        row[place] = value
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    load(database, path)
    assert [row[place] for row in stored(database)][: len(awkward)] == awkward


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
    with pytest.raises(ReadmissionError, match="run crear_bases_si_no_existen first"):
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


@pytest.mark.real_data
def test_the_real_file_is_loaded_whole(database: Settings, real_csv: Path) -> None:
    loaded = load(database, real_csv)
    assert (loaded.rows, loaded.dataset) == (101_766, "real")
    table = initial_data_table(MetaData())
    with engine_for(database, "RAW_DATA").connect() as connection:
        patients, medications = connection.execute(
            select(func.count(table.c.patient_nbr.distinct()), func.sum(table.c.num_medications))
        ).one()
        readmitted = dict(
            tuple(row) for row in connection.execute(select(table.c.readmitted, func.count()).group_by("readmitted"))
        )
    assert (patients, int(medications)) == (71_518, 1_630_479)
    assert readmitted == {"<30": 11_357, ">30": 35_545, "NO": 54_864}
