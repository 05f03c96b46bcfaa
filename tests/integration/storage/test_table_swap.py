"""A process that dies in the middle of a swap: what the platform says of the tables, and how the next run heals it."""

import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import MetaData, inspect

from connections.mysql_connections import DatabaseName, engine_for
from connections.settings import Settings, machine_environment
from connections.tables import encounters
from readmission import synthetic
from readmission.clean import prepare, prepared_sets
from readmission.errors import NothingLoadedError, NothingPreparedError, SourceError
from readmission.params import ForestParams
from readmission.raw import ingest
from readmission.storage.contract_tables import initial_data_table
from readmission.storage.databases import initialise
from readmission.storage.rows import read_table
from readmission.storage.table_swap import count
from readmission.training import batches
from tests.conftest import NOBODY_LISTENS, SyntheticCsv
from tests.integration.conftest import MYSQL
from tests.integration.storage import killed_in_a_swap
from tests.integration.storage.killed_in_a_swap import PARAMS

ROWS, FIRST_ROWS = 3_000, 2_000
# On SQLite the first rename, inside the transaction; on MySQL the first mark, before the renames.
BEFORE_THE_SWAP = ("after", "ALTER TABLE")
AFTER_THE_RENAME = ("after", "RENAME TABLE")
AFTER_THE_RECORD = ("before", "DROP TABLE initial_data_old")


@pytest.fixture(scope="module")
def whole(synthetic_csv: SyntheticCsv) -> Path:
    return synthetic_csv(ROWS, 1)


@pytest.fixture(scope="module")
def first(whole: Path) -> Path:
    """The same file when it was shorter."""
    path = whole.with_name("first.csv")
    path.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[: FIRST_ROWS + 1]))
    return path


@pytest.fixture(scope="module")
def same_size(whole: Path) -> Path:
    """Other encounters, and as many as in the shorter file: only a mark tells the two apart."""
    path = whole.with_name("same_size.csv")
    synthetic.write(path, FIRST_ROWS, seed=2)
    return path


@pytest.fixture
def settings(database_settings: Settings, first: Path) -> Settings:
    """The shorter file is loaded."""
    initialise(database_settings)
    ingest.load(database_settings, first)
    return database_settings.model_copy(update={"mlflow_tracking_uri": NOBODY_LISTENS})


def killed(settings: Settings, moment: tuple[str, str], *arguments: str) -> None:
    """A process of its own that loads, undoes or prepares, and dies as `killed_in_a_swap` says."""
    command = (sys.executable, killed_in_a_swap.__file__, *moment, *arguments)
    environment = machine_environment() | settings.as_environment("database_url")
    folder = settings.state_dir.parent  # no developer's .env is there
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr


def rows(settings: Settings, database: DatabaseName, *names: str) -> list[int]:
    return [count(engine_for(settings, database), name) for name in names]


def tables(settings: Settings, database: DatabaseName) -> set[str]:
    return set(inspect(engine_for(settings, database)).get_table_names())


def loaded(settings: Settings) -> pl.DataFrame:
    return read_table(engine_for(settings, "RAW_DATA"), initial_data_table(MetaData()))


def assigned(settings: Settings) -> pl.DataFrame:
    """Which encounter is in which split and batch, and since which load."""
    columns = ("encounter_id", "split", "batch_id", "load_id")
    return read_table(engine_for(settings, "CLEAN_DATA"), encounters).select(columns)


def test_a_load_killed_before_the_swap_changes_nothing(settings: Settings, whole: Path) -> None:
    before, names = ingest.current_load(settings), tables(settings, "RAW_DATA")
    killed(settings, BEFORE_THE_SWAP, "load", str(whole))
    assert ingest.current_load(settings) == before is not None
    assert rows(settings, "RAW_DATA", "initial_data") == [FIRST_ROWS]
    assert ingest.load(settings, whole).rows == ROWS
    assert tables(settings, "RAW_DATA") == {*names, "initial_data_replaced"}


def test_a_preparation_killed_before_the_swap_changes_nothing(settings: Settings, whole: Path) -> None:
    before, names = prepare.prepare(settings, PARAMS), tables(settings, "CLEAN_DATA")
    ingest.load(settings, whole)
    killed(settings, BEFORE_THE_SWAP, "prepare", PARAMS.target)
    assert prepared_sets.current(settings) == before
    assert prepare.prepare(settings, PARAMS).rows["train"] > before.rows["train"]
    assert tables(settings, "CLEAN_DATA") == names


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
@pytest.mark.parametrize(("again", "outcome"), [("same_size", "loaded"), ("first", "unchanged")])
def test_a_load_that_was_renamed_and_not_recorded_is_no_load(
    settings: Settings, first: Path, same_size: Path, again: str, outcome: str
) -> None:
    contents, names = {"first": loaded(settings)}, tables(settings, "RAW_DATA")
    killed(settings, AFTER_THE_RENAME, "load", str(same_size))
    contents["same_size"] = loaded(settings)
    assert not contents["same_size"].equals(contents["first"]), "the rename must have happened"
    assert ingest.current_load(settings) is None
    with pytest.raises(NothingLoadedError, match="run the DAG cargar_datos"):
        prepare.prepare(settings, PARAMS)
    healed = ingest.load(settings, {"first": first, "same_size": same_size}[again])
    assert (healed.outcome, healed.rows) == (outcome, FIRST_ROWS)
    assert loaded(settings).equals(contents[again])
    assert ingest.current_load(settings) is not None
    assert rows(settings, "RAW_DATA", "initial_data") == [FIRST_ROWS]
    assert tables(settings, "RAW_DATA") == names | ({"initial_data_replaced"} if outcome == "loaded" else set())


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
def test_a_load_that_fails_after_such_a_crash_leaves_the_recorded_one(
    settings: Settings, same_size: Path, tmp_path: Path
) -> None:
    before, contents = ingest.current_load(settings), loaded(settings)
    killed(settings, AFTER_THE_RENAME, "load", str(same_size))
    with pytest.raises(SourceError, match="there is no file"):
        ingest.load(settings, tmp_path / "nowhere.csv")
    assert ingest.current_load(settings) == before is not None
    assert loaded(settings).equals(contents)


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
def test_a_set_that_was_renamed_and_not_recorded_is_no_set(settings: Settings, whole: Path) -> None:
    before, given, names = prepare.prepare(settings, PARAMS), assigned(settings), tables(settings, "CLEAN_DATA")
    ingest.load(settings, whole)
    killed(settings, AFTER_THE_RENAME, "prepare", PARAMS.target)
    assert rows(settings, "CLEAN_DATA", "encounters")[0] > given.height, "the rename must have happened"
    said = (
        f"not those of prepared set {before.prepared_id}: a preparation broke off.*run the DAG preprocesar_datos again"
    )
    with pytest.raises(NothingPreparedError, match=said):
        prepared_sets.current(settings)
    with pytest.raises(NothingPreparedError, match=said):
        batches.begin(settings, ForestParams())
    assert not prepare.is_current(settings, PARAMS)

    healed = prepare.prepare(settings, PARAMS)
    assert prepared_sets.current(settings) == healed
    assert rows(settings, "CLEAN_DATA", *prepared_sets.TABLES) == [*healed.rows.values(), sum(healed.rows.values())]
    assert sum(healed.rows.values()) > sum(before.rows.values()) == given.height
    kept = assigned(settings).join(given.select("encounter_id"), on="encounter_id").sort("encounter_id")
    assert kept.equals(given.sort("encounter_id")), "what the crash left must not decide who is in which batch"
    assert tables(settings, "CLEAN_DATA") == names


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
def test_rows_of_another_target_are_not_taken_for_the_recorded_set(settings: Settings) -> None:
    before = prepare.prepare(settings, PARAMS)
    train = prepared_sets.read_split(settings, "train")
    killed(settings, AFTER_THE_RENAME, "prepare", "any")
    left = prepared_sets.read_split(settings, "train")
    assert left["target"].sum() > train["target"].sum() and len(left) == len(train), "only a mark tells the two apart"
    with pytest.raises(NothingPreparedError, match=f"not those of prepared set {before.prepared_id}"):
        prepared_sets.current(settings)
    assert not prepare.is_current(settings, PARAMS)
    assert prepare.prepare(settings, PARAMS).rows == before.rows
    assert prepared_sets.read_split(settings, "train").equals(train)


@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
def test_the_first_set_after_a_crash_trusts_no_batch(settings: Settings) -> None:
    killed(settings, AFTER_THE_RENAME, "prepare", PARAMS.target)
    with pytest.raises(NothingPreparedError, match="there is no prepared data set"):
        prepared_sets.current(settings)
    healed = prepare.prepare(settings, PARAMS)
    assert rows(settings, "CLEAN_DATA", *prepared_sets.TABLES) == [*healed.rows.values(), sum(healed.rows.values())]
    assert prepare.is_current(settings, PARAMS)


def test_a_set_that_lost_rows_is_no_set(settings: Settings) -> None:
    prepare.prepare(settings, PARAMS)
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        connection.exec_driver_sql("DELETE FROM val_data WHERE row_id = 1")
    assert not prepare.is_current(settings, PARAMS)
    prepare.prepare(settings, PARAMS)
    assert prepare.is_current(settings, PARAMS)
