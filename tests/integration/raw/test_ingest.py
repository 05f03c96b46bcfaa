"""A valid file replaces the table, cell by cell; the same file changes nothing; each load is recorded."""

import csv
from pathlib import Path
from unittest.mock import ANY

import pytest
from sqlalchemy import MetaData, func, select, text

from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission import synthetic
from readmission.dataset.origin import Origin, file_sha256, recorded
from readmission.features import COLUMN_NAMES
from readmission.raw.ingest import Load, current_load, load
from readmission.storage.contract_tables import initial_data_table
from tests.integration.raw.loaded import ONLY_OURS, ROWS, WITH_WHAT_WAS_REPLACED, attempts, expected, stored, tables


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
