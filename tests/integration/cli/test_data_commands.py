"""The commands on data: what each says, and what a load that is refused or undone leaves."""

from pathlib import Path

from readmission.clean import prepared_sets
from readmission.features import COLUMN_NAMES
from readmission.raw import ingest
from tests.integration.cli.shell import Shell


def test_init_creates_the_databases_and_says_so(shell: Shell) -> None:
    first, again = shell.run("init"), shell.run("init")
    assert "RAW_DATA: migrated from nothing to revision" in first
    assert "CLEAN_DATA: created the empty table train_data" in first
    assert "CLEAN_DATA: at revision" in again and "nothing to migrate" in again


def test_synth_writes_the_same_file_for_the_same_seed(shell: Shell, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.csv", "same.csv", "other.csv")]
    for file, seed in zip(files, ("1", "1", "2"), strict=True):
        said = shell.run("synth", "--rows", "500", "--seed", seed, "--out", str(file))
        assert "500 synthetic encounters" in said
    one, same, other = (file.read_bytes() for file in files)
    assert one == same != other
    assert one.decode().splitlines()[0].split(",") == list(COLUMN_NAMES)
    assert len(one.splitlines()) == 501


def test_load_and_preprocess(shell: Shell, tmp_path: Path) -> None:
    shell.run("init")
    file = tmp_path / "encounters.csv"
    shell.run("synth", "--rows", "2000", "--out", str(file))
    assert "load 1: 2,000 rows, synthetic, loaded" in shell.run("load", "--source", str(file))
    assert "load 1: 2,000 rows, synthetic, unchanged" in shell.run("load", "--source", str(file))
    assert "load 3: 2,000 rows, synthetic, loaded" in shell.run("load", "--source", str(file), "--force")
    said = shell.run("preprocess", "--batch-size", "500", "--seed", "7")
    prepared = prepared_sets.current(shell.settings)
    counts = ", ".join(f"{split} {rows:,}" for split, rows in prepared.rows.items())
    assert f"prepared set 1: {counts}, 4 batches" in said
    assert (prepared.params.seed, prepared.params.batch_size) == (7, 500)


def test_a_load_is_guarded_and_undone(shell: Shell, tmp_path: Path) -> None:
    shell.run("init")
    assert "error: nothing was loaded yet, so there is nothing to undo" in shell.run("load", "--undo", code=1)
    big, small = tmp_path / "big.csv", tmp_path / "small.csv"
    for file, rows in ((big, "1000"), (small, "400")):
        shell.run("synth", "--rows", rows, "--out", str(file))
    shell.run("load", "--source", str(big))
    said = shell.run("load", "--source", str(small), code=1)
    assert "error: initial_data holds 1,000 synthetic encounters (load 1 of " in said
    assert "would leave 400 synthetic ones, fewer than 50% (LEAST_LOAD_SHARE): nothing was loaded" in said
    assert "Traceback" not in said
    assert "load 3: 400 rows" in shell.run("load", "--source", str(small), "--allow-shrink")
    assert "error: --undo loads nothing" in shell.run("load", "--undo", "--force", code=1)
    undone = shell.run("load", "--undo")
    assert "load 3 undone: the rows of load 1 are back, 1,000 rows, synthetic" in undone
    assert "error: load 3 was undone already and the rows of load 1 are there" in shell.run("load", "--undo", code=1)


def test_a_file_that_breaks_the_contract_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    shell.run("init")
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    shell.run("synth", "--rows", "500", "--out", str(good))
    shell.run("load", "--source", str(good))
    lines = good.read_text().splitlines()
    lines[3] = lines[3].replace("ale,", "alien,", 1)
    bad.write_text("\n".join(lines) + "\n")
    said = shell.run("load", "--source", str(bad), code=1)
    assert "line 4, column gender" in said and "nothing was loaded" in said
    current = ingest.current_load(shell.settings)
    assert current is not None and current.load_id == 1
