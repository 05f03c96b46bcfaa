"""Far fewer rows than are there, and synthetic rows for real ones, are refused unless that was allowed."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import select, text

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import loads
from readmission import synthetic
from readmission.errors import ReplacementRefusedError
from readmission.raw import ingest
from readmission.storage.databases import initialise
from readmission.storage.table_swap import count

ROWS = 2_000
ADVICE = (
    "nothing was loaded. If it is meant, set the param allow_shrink of cargar_datos or the option --allow-shrink of "
    "`readmission load`"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv")


@pytest.fixture(scope="module")
def real(folder: Path) -> Path:
    """Synthetic encounters under the identifiers of real ones."""
    made = folder / "made.csv"
    synthetic.write(made, ROWS, seed=1)
    with made.open(newline="") as file:
        header, *rows = csv.reader(file)
    path = folder / "hospital.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *([str(place + 1), *row[1:]] for place, row in enumerate(rows))])
    return path


def cut(path: Path, rows: int) -> Path:
    short = path.with_name(f"cut_{rows}.csv")
    short.write_text("".join(path.read_text().splitlines(keepends=True)[: rows + 1]))
    return short


@pytest.fixture
def loaded(database_settings: Settings, real: Path) -> Settings:
    initialise(database_settings)
    ingest.load(database_settings, real)
    return database_settings


def refusal(settings: Settings, path: Path) -> str:
    """What is said, after checking that nothing changed and that the load's record says the same."""
    engine, before = engine_for(settings, "RAW_DATA"), ingest.current_load(settings)
    rows = count(engine, "initial_data")
    with pytest.raises(ReplacementRefusedError) as refused:
        ingest.load(settings, path)
    assert (ingest.current_load(settings), count(engine, "initial_data")) == (before, rows)
    with engine.connect() as connection:
        last = connection.execute(select(loads).order_by(loads.c.load_id.desc())).mappings().first()
    assert last is not None and (last["outcome"], last["detail"]) == ("failed", str(refused.value))
    return str(refused.value)


def test_far_fewer_rows_are_refused_unless_allowed(loaded: Settings, real: Path) -> None:
    assert refusal(loaded, cut(real, 999)) == (
        "initial_data holds 2,000 real encounters (load 1 of hospital.csv), and cut_999.csv would leave 999 real ones, "
        f"fewer than 50% (LEAST_LOAD_SHARE): {ADVICE}"
    )
    assert ingest.load(loaded, cut(real, 999), allow_shrink=True).rows == 999
    assert ingest.undo(loaded).back.rows == 2_000


def test_half_of_the_rows_are_enough(loaded: Settings, real: Path) -> None:
    assert ingest.load(loaded, cut(real, 1_000)).rows == 1_000


@pytest.mark.parametrize(("share", "rows"), [(0.9, 1_799), (0.9, 1_800), (0.0, 1)])
def test_the_share_is_a_setting(loaded: Settings, real: Path, share: float, rows: int) -> None:
    settings = loaded.model_copy(update={"least_load_share": share})
    if rows < share * ROWS:
        assert "fewer than 90% (LEAST_LOAD_SHARE)" in refusal(settings, cut(real, rows))
    else:
        assert ingest.load(settings, cut(real, rows)).rows == rows


def test_synthetic_rows_never_replace_real_ones_unless_allowed(loaded: Settings, folder: Path) -> None:
    more = folder / "synthetic.csv"
    synthetic.write(more, 3_000, seed=2)
    assert refusal(loaded, more) == (
        "initial_data holds 2,000 real encounters (load 1 of hospital.csv), and synthetic.csv would leave 3,000 "
        f"synthetic ones: {ADVICE}"
    )
    assert ingest.load(loaded, more, allow_shrink=True).dataset == "synthetic"


def test_rows_are_guarded_also_when_they_are_no_longer_those_of_a_load(loaded: Settings, real: Path) -> None:
    """Somebody deleted a row by hand, so no load is current; what is there is still worth as much."""
    with engine_for(loaded, "RAW_DATA").begin() as connection:
        connection.execute(text("DELETE FROM initial_data WHERE encounter_id = 7"))
    assert ingest.current_load(loaded) is None
    assert "holds 1,999 real encounters (load 1 of hospital.csv)" in refusal(loaded, cut(real, 500))
    assert ingest.load(loaded, real).rows == ROWS


def test_real_rows_replace_synthetic_ones(database_settings: Settings, real: Path, folder: Path) -> None:
    initialise(database_settings)
    made = folder / "before.csv"
    synthetic.write(made, ROWS, seed=3)
    ingest.load(database_settings, made)
    assert ingest.load(database_settings, real).dataset == "real"
