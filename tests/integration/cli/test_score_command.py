"""`readmission score`: a version of the registry on a file; memory, a full disk and a kill are tried on the command."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from readmission import synthetic
from readmission.features import DEATH_OR_HOSPICE
from tests.conftest import Poll
from tests.integration.cli.shell import Shell, environment

pytestmark = pytest.mark.slow

SMALL, LARGE = 50_000, 300_000
# What a chunk more or less, and the allocator, may make of it.
FLAT_MIB = 60
FULL_AFTER = 1 << 20
LIMITED = (
    "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    f"resource.setrlimit(resource.RLIMIT_FSIZE, ({FULL_AFTER}, {FULL_AFTER})); "
)
RUN = "from readmission.cli import app; app()"
PEAK = (
    "import atexit, re; "
    "atexit.register(lambda: print(*re.findall(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read()))); "
)


@pytest.fixture(scope="module")
def encounters(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Encounters that can be readmitted, as the source spells them."""
    path = tmp_path_factory.mktemp("csv") / "made_up.csv"
    synthetic.write(path, SMALL, seed=8)
    raw = pl.read_csv(path, infer_schema=False)
    return raw.filter(
        ~pl.col("discharge_disposition_id").is_in(sorted(DEATH_OR_HOSPICE)), pl.col("gender") != "Unknown/Invalid"
    )


def written(encounters: pl.DataFrame, path: Path, copies: int) -> Path:
    """A CSV of the encounters several times over."""
    with path.open("wb") as file:
        for copy in range(copies):
            file.write(encounters.write_csv(include_header=copy == 0).encode())
    return path


def started(shell: Shell, code: str, *arguments: str) -> "subprocess.Popen[str]":
    """The command in a process of its own, as `code` runs it."""
    return subprocess.Popen(
        (sys.executable, "-c", code, *arguments),
        env={"PATH": os.defpath, **environment(shell.settings)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_file_is_scored_by_the_version_in_production(
    production_shell: Shell, encounters: pl.DataFrame, tmp_path: Path
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    encounters.head(300).write_csv(source)
    said = production_shell.run("score", str(source), str(out))
    name = production_shell.settings.model_name
    assert "columns were read as the source's columns" in said
    assert f"out.csv: 300 encounters by version 1 of {name} (synthetic, onnx); told in" in said
    result, record = pl.read_csv(out), json.loads((tmp_path / "out.csv.model.json").read_text())
    assert (record["model_version"], record["rows"], len(record["run_id"])) == ("1", 300, 32)
    assert set(result["model_name"]) == {name}

    other = tmp_path / "other.csv"
    production_shell.run("score", str(source), str(other), "--version", "1", "--engine", "sklearn")
    assert (result["probability"] - pl.read_csv(other)["probability"]).abs().max() <= 1e-6  # type: ignore[operator]


def test_a_row_scores_as_predict_says(production_shell: Shell, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("encounter_ref,age,discharge_code,number_inpatient\nward-7/2291,85,22,6\n")
    production_shell.run("score", str(source), str(out))
    alone = json.loads(production_shell.run("predict", "age=85", "discharge_code=22", "number_inpatient=6"))
    (row,) = pl.read_csv(out).to_dicts()
    assert row["encounter_ref"] == "ward-7/2291"
    assert row["probability"] == pytest.approx(alone["probability"], abs=1e-9)
    assert (row["prediction"], row["threshold"]) == (alone["prediction"], alone["threshold"])


def test_what_stands_in_the_way_is_one_line(production_shell: Shell, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("age,gender\n65,Female\n66,F\n")
    said = production_shell.run("score", str(source), str(out), code=1)
    assert "error: in.csv: 1 refused; nothing was written" in said
    assert "line 3, gender: a value is not allowed; send one of Female, Male" in said
    assert "has no version 99" in production_shell.run("score", str(source), str(out), "--version", "99", code=1)
    assert "error: there is no file" in production_shell.run("score", str(tmp_path / "no.csv"), str(out), code=1)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_memory_does_not_grow_with_the_file(production_shell: Shell, encounters: pl.DataFrame, tmp_path: Path) -> None:
    peaks = []
    for rows in (SMALL, LARGE):
        source = written(encounters, tmp_path / f"{rows}.csv", copies=rows // SMALL)
        process = started(production_shell, PEAK + RUN, "score", str(source), str(tmp_path / f"out{rows}.csv"))
        said, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
        peaks.append(int(said.split()[-1]) / 1024)
    assert abs(peaks[1] - peaks[0]) < FLAT_MIB, peaks


@pytest.mark.parametrize("end", [".csv", ".parquet"])
def test_a_full_disk_is_one_line_and_leaves_nothing(
    production_shell: Shell, encounters: pl.DataFrame, tmp_path: Path, end: str
) -> None:
    source = written(encounters, tmp_path / "in.csv", copies=4)
    process = started(production_shell, LIMITED + RUN, "score", str(source), str(tmp_path / f"out{end}"))
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "error: the disk is full: out" in errors and "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_kill_in_the_middle_leaves_no_result(
    production_shell: Shell, encounters: pl.DataFrame, tmp_path: Path, signal_: signal.Signals, poll: Poll
) -> None:
    source, out = written(encounters, tmp_path / "in.csv", copies=8), tmp_path / "out.csv"
    process = started(production_shell, RUN, "score", str(source), str(out), "--engine", "sklearn")
    try:
        poll(lambda: any(path.stat().st_size for path in tmp_path.glob(".out.csv.*")) or process.poll() is not None)
        process.send_signal(signal_)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode != 0, errors
    assert not out.exists() and not (tmp_path / "out.csv.model.json").exists()
    if signal_ is signal.SIGINT:
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
