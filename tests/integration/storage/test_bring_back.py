"""A process that dies while it undoes a load, or while it loads over one that could be undone: nothing is lost."""

from pathlib import Path

import pytest

from connections.settings import Settings
from readmission.errors import UndoError
from readmission.raw import ingest
from readmission.storage.databases import initialise
from tests.integration.conftest import MYSQL
from tests.integration.storage.test_table_swap import (
    AFTER_THE_RECORD,
    AFTER_THE_RENAME,
    FIRST_ROWS,
    ROWS,
    first,
    killed,
    loaded,
    same_size,
    tables,
    whole,
)

__all__ = ["first", "same_size", "whole"]

KEPT = {"initial_data_replaced"}


@pytest.fixture
def undoable(database_settings: Settings, first: Path, whole: Path) -> Settings:
    """The longer file is loaded, in the place of the shorter one."""
    initialise(database_settings)
    ingest.load(database_settings, first)
    ingest.load(database_settings, whole)
    return database_settings


# On SQLite in the transaction: after its first rename, and after the record. On MySQL before the rename.
BEFORE = (("after", "ALTER TABLE"), ("after", "UPDATE loads"))


@pytest.mark.parametrize("moment", BEFORE, ids=lambda moment: moment[1])
def test_an_undo_killed_before_its_rename_changes_nothing(undoable: Settings, moment: tuple[str, str]) -> None:
    if undoable.database_url is not None and moment[1] == "ALTER TABLE":
        moment = ("before", "RENAME TABLE")
    before, contents, names = ingest.current_load(undoable), loaded(undoable), tables(undoable, "RAW_DATA")
    killed(undoable, moment, "undo")
    assert ingest.current_load(undoable) == before is not None
    assert loaded(undoable).equals(contents)
    assert tables(undoable, "RAW_DATA") == names
    assert ingest.undo(undoable).back.rows == FIRST_ROWS


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
@pytest.mark.parametrize("then", ["undo", "load"])
def test_an_undo_that_was_renamed_and_not_recorded_is_none(undoable: Settings, same_size: Path, then: str) -> None:
    names = tables(undoable, "RAW_DATA")
    killed(undoable, AFTER_THE_RENAME, "undo")
    assert loaded(undoable).height == FIRST_ROWS, "the rename must have happened"
    assert ingest.current_load(undoable) is None
    if then == "undo":
        assert ingest.undo(undoable).load.load_id == 2
        assert tables(undoable, "RAW_DATA") == names - KEPT
    else:
        assert ingest.load(undoable, same_size).load_id == 3
        back = ingest.undo(undoable).back
        assert (back.load_id, back.rows) == (2, ROWS) and back == ingest.current_load(undoable)
    assert ingest.current_load(undoable) is not None


def test_an_undo_killed_after_its_record_is_done(undoable: Settings, same_size: Path) -> None:
    killed(undoable, AFTER_THE_RECORD, "undo")
    current = ingest.current_load(undoable)
    assert current is not None and (current.load_id, current.rows) == (1, FIRST_ROWS)
    assert "initial_data_old" in tables(undoable, "RAW_DATA"), "it died before it dropped what it undid"
    with pytest.raises(UndoError, match="load 2 was undone already and the rows of load 1 are there"):
        ingest.undo(undoable)
    assert ingest.load(undoable, same_size).load_id == 3
    assert ingest.undo(undoable).back.load_id == 1
    assert "initial_data_old" not in tables(undoable, "RAW_DATA")


def test_a_load_killed_after_its_record_is_loaded_and_can_be_undone(undoable: Settings, same_size: Path) -> None:
    killed(undoable, AFTER_THE_RECORD, "load", str(same_size))
    current = ingest.current_load(undoable)
    assert current is not None and (current.load_id, current.rows) == (3, FIRST_ROWS)
    assert ingest.undo(undoable).back.rows == ROWS
    assert loaded(undoable).height == ROWS


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
def test_a_load_that_was_renamed_and_not_recorded_leaves_the_undo_of_the_one_before(
    undoable: Settings, same_size: Path
) -> None:
    killed(undoable, AFTER_THE_RENAME, "load", str(same_size))
    assert ingest.current_load(undoable) is None
    assert ingest.undo(undoable).back.load_id == 1
    assert loaded(undoable).height == FIRST_ROWS
    assert "initial_data_old" not in tables(undoable, "RAW_DATA")
