"""The prepared set: what it holds, what stays when data is appended, and that it is replaced whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import inspect, select, text

from connections.mysql_connections import engine_for, is_sqlite
from connections.settings import Settings
from connections.tables import encounters as encounters_table
from connections.tables import prepared_sets as records
from readmission import code_version
from readmission.clean import prepare, prepared_sets
from readmission.clean.cleaning import clean
from readmission.errors import InUseError, NothingLoadedError, NothingPreparedError
from readmission.params import PrepareParams
from readmission.raw import ingest
from readmission.raw.ingest import Load
from readmission.storage import leases
from readmission.storage.contract_tables import SPLITS
from readmission.storage.databases import initialise
from readmission.storage.rows import read_table
from tests.conftest import SyntheticCsv

ROWS, FIRST_ROWS = 3_000, 2_000
PARAMS = PrepareParams(batch_size=500)


@pytest.fixture(scope="module")
def whole(synthetic_csv: SyntheticCsv) -> Path:
    return synthetic_csv(ROWS, 1)


@pytest.fixture(scope="module")
def first(whole: Path) -> Path:
    """The same file when it was shorter."""
    path = whole.with_name("first.csv")
    with whole.open() as lines:
        path.write_text("".join(line for line, _ in zip(lines, range(FIRST_ROWS + 1), strict=False)))
    return path


@pytest.fixture
def settings(database_settings: Settings) -> Settings:
    """On SQLite, and on MySQL where a server is given."""
    return database_settings


@pytest.fixture
def load(settings: Settings) -> Callable[[Path], Load]:
    initialise(settings)
    return lambda path: ingest.load(settings, path)


def encounters(settings: Settings) -> pl.DataFrame:
    return read_table(engine_for(settings, "CLEAN_DATA"), encounters_table)


def record_count(settings: Settings) -> int:
    with engine_for(settings, "CLEAN_DATA").connect() as connection:
        return len(connection.execute(select(records)).all())


def tables(settings: Settings) -> list[str]:
    return sorted(inspect(engine_for(settings, "CLEAN_DATA")).get_table_names())


def run(settings: Settings, statement: str) -> None:
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        connection.execute(text(statement))


def disk_full(settings: Settings) -> str:
    """The body of a trigger that fails."""
    if is_sqlite(engine_for(settings, "CLEAN_DATA")):
        return "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    return "FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'disk full'"


def test_nothing_loaded_and_nothing_prepared_are_said(settings: Settings) -> None:
    initialise(settings)
    assert not prepare.is_current(settings, PARAMS)
    with pytest.raises(NothingLoadedError, match="run the DAG cargar_datos first"):
        prepare.prepare(settings, PARAMS)
    with pytest.raises(NothingPreparedError, match="run the DAG preprocesar_datos first"):
        prepared_sets.current(settings)


def test_every_eligible_encounter_is_in_one_split_and_no_patient_in_two(
    settings: Settings, load: Callable[[Path], Load], whole: Path
) -> None:
    loaded = load(whole)
    prepared = prepare.prepare(settings, PARAMS)
    raw = pl.read_csv(whole, infer_schema=False)
    eligible = clean(raw.lazy(), "lt30").select("encounter_id", "patient_nbr", "target").collect()
    kept = encounters(settings).join(eligible, on="encounter_id")
    assert kept.height == encounters(settings).height == eligible.height == sum(prepared.rows.values()) < ROWS
    assert kept.group_by("patient_nbr").agg(pl.col("split").n_unique())["split"].max() == 1
    assert kept["load_id"].unique().to_list() == [loaded.load_id] == [prepared.load_id]
    assert prepared.rows["train"] == pytest.approx(0.8 * eligible.height, rel=0.05)
    for split in SPLITS:
        rows = pl.from_pandas(prepared_sets.read_split(settings, split))
        mine = kept.filter(pl.col("split") == split).sort("row_id")
        assert rows["row_id"].to_list() == mine["row_id"].to_list() == list(range(1, prepared.rows[split] + 1))
        assert rows["target"].to_list() == mine["target"].to_list()


def test_the_record_says_what_the_batches_hold(settings: Settings, load: Callable[[Path], Load], whole: Path) -> None:
    loaded = load(whole)
    prepared = prepare.prepare(settings, PARAMS)
    sizes = {batch: len(prepared_sets.read_split(settings, "train", batch)) for batch in prepared.batches}
    assert sizes == prepared.batches
    assert list(sizes) == [1, 2, 3, 4, 5]
    assert list(sizes.values())[:-1] == [500] * 4 and 0 < sizes[5] < 500
    assert (prepared.source_sha256, prepared.dataset) == (loaded.sha256, "synthetic")
    assert prepared.params == PARAMS


def test_appended_rows_fill_the_open_batch_and_nothing_moves(
    settings: Settings, load: Callable[[Path], Load], first: Path, whole: Path
) -> None:
    loads = [load(first)]
    before_set = prepare.prepare(settings, PARAMS)
    before = encounters(settings)
    loads.append(load(whole))
    after_set = prepare.prepare(settings, PARAMS)
    after = encounters(settings)
    columns = ["encounter_id", "split", "batch_id", "load_id"]
    stayed = after.join(before.select("encounter_id"), on="encounter_id")
    assert stayed.select(columns).sort("encounter_id").equals(before.select(columns).sort("encounter_id"))
    assert after.height > before.height > 0
    open_batch = max(before_set.batches)
    assert before_set.batches[open_batch] < 500 == after_set.batches[open_batch]
    assert max(after_set.batches) > open_batch
    assert sorted(after["load_id"].unique()) == [load.load_id for load in loads]


@pytest.mark.parametrize(
    ("params", "same"),
    [
        (PrepareParams(batch_size=500, target="any"), True),
        (PrepareParams(batch_size=500, seed=7), False),
        (PrepareParams(batch_size=700), False),
    ],
)
def test_batches_stay_while_split_and_batch_size_do(
    settings: Settings, load: Callable[[Path], Load], first: Path, params: PrepareParams, same: bool
) -> None:
    load(first)
    prepare.prepare(settings, PARAMS)
    before = encounters(settings)
    prepare.prepare(settings, params)
    assert encounters(settings).equals(before) == same


def test_the_target_any_counts_later_readmissions_too(
    settings: Settings, load: Callable[[Path], Load], first: Path
) -> None:
    load(first)
    shares = {}
    for target in ("lt30", "any"):
        prepared = prepare.prepare(settings, PrepareParams(target=target))
        assert prepared.params.target == target
        shares[target] = prepared_sets.read_split(settings, "train")["target"].mean()
    assert shares["lt30"] < 0.2 < 0.35 < shares["any"]


def test_the_same_data_and_params_give_the_same_rows(
    settings: Settings, load: Callable[[Path], Load], first: Path
) -> None:
    load(first)
    one = prepare.prepare(settings, PARAMS)
    rows = prepared_sets.read_split(settings, "train")
    other = prepare.prepare(settings, PARAMS)
    assert prepared_sets.read_split(settings, "train").equals(rows)
    assert other.prepared_id > one.prepared_id
    assert other.fingerprint == one.fingerprint


def test_a_failure_in_the_middle_of_the_swap_leaves_the_old_set(
    settings: Settings, load: Callable[[Path], Load], first: Path, whole: Path
) -> None:
    load(first)
    before_set, before, names = prepare.prepare(settings, PARAMS), encounters(settings), tables(settings)
    load(whole)
    run(settings, f"CREATE TRIGGER full BEFORE INSERT ON prepared_sets {disk_full(settings)}")
    with pytest.raises(Exception, match="disk full"):
        prepare.prepare(settings, PARAMS)
    assert prepared_sets.current(settings) == before_set
    assert encounters(settings).equals(before)
    assert len(prepared_sets.read_split(settings, "train")) == before_set.rows["train"]
    assert tables(settings) == names
    run(settings, "DROP TRIGGER full")
    assert sum(prepare.prepare(settings, PARAMS).rows.values()) > before.height


def test_what_a_killed_run_left_is_cleared_away(settings: Settings, load: Callable[[Path], Load], first: Path) -> None:
    load(first)
    names = tables(settings)
    for leftover in ("train_data_staging", "val_data_old", "encounters_staging"):
        run(settings, f"CREATE TABLE {leftover} (something INTEGER)")
    prepare.prepare(settings, PARAMS)
    assert tables(settings) == names


def test_it_is_refused_while_a_training_uses_the_set(
    settings: Settings, load: Callable[[Path], Load], first: Path
) -> None:
    load(first)
    before = prepare.prepare(settings, PARAMS)
    engine = engine_for(settings, "CLEAN_DATA")
    leases.acquire(engine, leases.PREPARED_SET, "run 7", leases.Owner(dag_id="entrenar_modelo", run_id="manual 7"))
    with pytest.raises(InUseError, match="in use by the run manual 7 of the DAG entrenar_modelo"):
        prepare.prepare(settings, PARAMS)
    assert prepared_sets.current(settings) == before
    leases.release(engine, leases.PREPARED_SET, "run 7")
    assert prepare.prepare(settings, PARAMS).prepared_id > before.prepared_id


def test_encounters_that_are_replaced_while_they_are_read_are_not_prepared(
    settings: Settings, load: Callable[[Path], Load], first: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(first)

    def read_while_a_load_ends(*arguments: object) -> pl.DataFrame:
        load(whole)
        return read_table(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(prepare, "read_table", read_while_a_load_ends)
    with pytest.raises(InUseError, match="replaced while it was read"):
        prepare.prepare(settings, PARAMS)
    assert record_count(settings) == 0


def test_the_set_is_current_until_load_params_or_code_change(
    settings: Settings, load: Callable[[Path], Load], first: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(first)
    assert not prepare.is_current(settings, PARAMS)
    prepare.prepare(settings, PARAMS)
    assert prepare.is_current(settings, PARAMS)
    assert load(first).outcome == "unchanged"
    assert prepare.is_current(settings, PARAMS)
    assert not prepare.is_current(settings, PrepareParams(batch_size=501))
    with monkeypatch.context() as patch:
        patch.setattr(code_version, "code_fingerprint", lambda: "other code")
        assert not prepare.is_current(settings, PARAMS)
    load(whole)
    assert not prepare.is_current(settings, PARAMS)
    prepare.prepare(settings, PARAMS)
    assert prepare.is_current(settings, PARAMS)
    assert record_count(settings) == 2
