"""The rows that a load replaced can be brought back once, until the next load; the records say what happened."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import loads
from readmission import synthetic
from readmission.clean import prepare
from readmission.errors import InvalidFileError, UndoError
from readmission.params import PrepareParams
from readmission.raw import ingest
from readmission.storage.table_swap import count

ROWS = {"one.csv": 1_000, "two.csv": 1_200, "three.csv": 1_400}
PARAMS = PrepareParams(batch_size=500)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three files, each a little longer than the one before."""
    folder = tmp_path_factory.mktemp("csv")
    for seed, (name, rows) in enumerate(ROWS.items()):
        synthetic.write(folder / name, rows, seed=seed)
    return [folder / name for name in ROWS]


def record(settings: Settings, load_id: int) -> dict[str, Any]:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return dict(connection.execute(select(loads).where(loads.c.load_id == load_id)).mappings().one())


def present(settings: Settings) -> int:
    return count(engine_for(settings, "RAW_DATA"), "initial_data")


def test_an_undo_brings_back_the_rows_and_the_load(database: Settings, files: list[Path]) -> None:
    first, second = ingest.load(database, files[0]), ingest.load(database, files[1])
    assert ingest.undo(database) == ingest.Undone(second, first)
    assert ingest.current_load(database) == first
    assert present(database) == 1_000
    undone = record(database, 2)
    assert (undone["outcome"], undone["rows"]) == ("undone", 1_200)
    assert undone["detail"].startswith("undone at 20") and undone["detail"].endswith("the rows of load 1 are back")
    assert record(database, 1)["outcome"] == "loaded"


def test_an_undo_keeps_what_the_record_said(database: Settings, files: list[Path]) -> None:
    for file in files[:2]:
        ingest.load(database, file)
    with engine_for(database, "RAW_DATA").begin() as connection:
        connection.execute(loads.update().where(loads.c.load_id == 2).values(detail="two remarks\nof the check"))
    ingest.undo(database)
    assert record(database, 2)["detail"].splitlines()[:2] == ["two remarks", "of the check"]
    assert record(database, 2)["detail"].splitlines()[2].startswith("undone at ")


def test_it_goes_once(database: Settings, files: list[Path]) -> None:
    for file in files:
        ingest.load(database, file)
    ingest.undo(database)
    said = "load 3 was undone already and the rows of load 2 are there; an undo goes back once, until the next load"
    with pytest.raises(UndoError, match=said):
        ingest.undo(database)
    assert present(database) == 1_200
    assert ingest.load(database, files[2]).load_id == 4
    assert ingest.undo(database).back.load_id == 2


def test_nothing_to_undo_is_said(database: Settings, files: list[Path]) -> None:
    with pytest.raises(UndoError, match="nothing was loaded yet, so there is nothing to undo"):
        ingest.undo(database)
    ingest.load(database, files[0])
    with pytest.raises(UndoError, match="no rows are kept that load 1 replaced, so there is nothing to bring back"):
        ingest.undo(database)
    assert present(database) == 1_000


def test_rows_that_were_of_no_load_are_not_brought_back(database: Settings, files: list[Path]) -> None:
    ingest.load(database, files[0])
    with engine_for(database, "RAW_DATA").begin() as connection:
        connection.execute(text("DELETE FROM initial_data WHERE encounter_id % 10 = 0"))
    ingest.load(database, files[1])
    with pytest.raises(UndoError, match="no rows are kept that load 2 replaced"):
        ingest.undo(database)


def test_what_loads_nothing_leaves_the_undo(database: Settings, files: list[Path], tmp_path: Path) -> None:
    for file in files[:2]:
        ingest.load(database, file)
    assert ingest.load(database, files[1]).outcome == "unchanged"
    broken = tmp_path / "broken.csv"
    broken.write_text(files[2].read_text().replace(",Female,", ",F,"))
    with pytest.raises(InvalidFileError):
        ingest.load(database, broken)
    assert ingest.undo(database).back.load_id == 1


def test_preparing_follows_an_undo(database: Settings, files: list[Path]) -> None:
    ingest.load(database, files[0])
    before = prepare.prepare(database, PARAMS)
    ingest.load(database, files[1])
    assert not prepare.is_current(database, PARAMS)
    ingest.undo(database)
    assert prepare.is_current(database, PARAMS), "what was prepared of the rows that are back is theirs again"
    assert prepare.prepare(database, PARAMS).rows == before.rows
