"""Two loads at the same time, from two processes: the second waits and says so, or is refused; none is half-written."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from connections.mysql_connections import engine_for
from connections.settings import Settings, machine_environment
from connections.tables import loads
from readmission import synthetic
from readmission.errors import InUseError
from readmission.raw import current, ingest
from readmission.storage.databases import initialise
from readmission.storage.table_swap import count

WAITS = "another load is running; waiting up to 300 s for its end"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    synthetic.write(first, 1_000, seed=1)
    synthetic.write(second, 1_200, seed=2)
    return first, second


def test_the_second_of_two_processes_waits_and_says_so(database_settings: Settings, files: tuple[Path, Path]) -> None:
    initialise(database_settings)
    others: list[subprocess.Popen[str]] = []

    def start_the_other(done: int, total: int | None) -> None:
        if done == total:
            others.append(other := from_a_shell(database_settings, files[1]))
            assert other.stderr is not None
            assert any(WAITS in line for line in other.stderr), "it must wait before it ends"

    assert ingest.load(database_settings, files[0], progress=start_the_other).load_id == 1
    said, complaint = others[0].communicate(timeout=120)
    assert others[0].returncode == 0, complaint
    assert "load 2: 1,200 rows, synthetic, loaded" in said
    with engine_for(database_settings, "RAW_DATA").connect() as connection:
        recorded = connection.execute(select(loads.c.rows, loads.c.outcome).order_by(loads.c.load_id)).all()
    assert [tuple(row) for row in recorded] == [(1_000, "loaded"), (1_200, "loaded")]
    assert ingest.undo(database_settings).back.load_id == 1


def from_a_shell(settings: Settings, file: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        (sys.executable, "-m", "readmission.cli", "load", "--source", str(file)),
        env=machine_environment() | settings.as_environment("database_url") | {"COLUMNS": "200"},
        cwd=settings.state_dir.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_one_that_waited_in_vain_is_refused(
    database_settings: Settings, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    initialise(database_settings)
    monkeypatch.setattr(current, "LOCK_WAIT_SECONDS", 1)

    def load_another(done: int, total: int | None) -> None:
        if done == total:
            for step in (lambda: ingest.load(database_settings, files[1]), lambda: ingest.undo(database_settings)):
                with pytest.raises(InUseError, match="another load is running: the lock 'initial_data' was not free"):
                    step()

    ingest.load(database_settings, files[0], progress=load_another)
    there = ingest.current_load(database_settings)
    assert there is not None and (there.load_id, there.rows) == (1, 1_000)
    assert count(engine_for(database_settings, "RAW_DATA"), "initial_data") == 1_000
