"""The command line: what each command says, its exit code, and errors that a person can act on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.entities import Run
from sqlalchemy import select
from typer.testing import CliRunner

from connections.model_registry import client, production_version
from connections.mysql_connections import engine_for
from connections.settings import ENV_FILE, Settings, get_settings
from connections.tables import leases as leases_table
from readmission.clean import prepared_sets
from readmission.cli import app
from readmission.features import COLUMN_NAMES
from readmission.raw import ingest
from tests.conftest import Poll
from tests.integration.pipeline import Trained, copied


class Shell:
    """Runs commands with the environment that gives them these settings."""

    def __init__(self, settings: Settings, patch: pytest.MonkeyPatch) -> None:
        self.settings = settings
        for name, value in environment(settings).items():
            patch.setenv(name, value)
        # Commands set these for their whole process, which here is the test's.
        for name in ("RETRIES", "TIMEOUT"):
            patch.setenv(f"MLFLOW_HTTP_REQUEST_{'MAX_' if name == 'RETRIES' else ''}{name}", "5")
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        get_settings.cache_clear()

    def run(self, *arguments: str, code: int = 0) -> str:
        """What a command prints, on one line."""
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())


def environment(settings: Settings) -> dict[str, str]:
    """Settings as environment variables, the addresses that follow from ports included."""
    return settings.as_environment() | {"MLFLOW_TRACKING_URI": settings.tracking_uri, "COLUMNS": "200"}


@pytest.fixture
def shell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell beside empty databases, and no MLflow."""
    yield Shell(settings, monkeypatch)
    get_settings.cache_clear()


@pytest.fixture
def trained_shell(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell beside a prepared set, with an experiment and a registered model of the test's own."""
    yield Shell(copied(trained.settings, tmp_path, f"cli_{tmp_path.name}"), monkeypatch)
    get_settings.cache_clear()


@pytest.fixture
def production_shell(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell beside the version in production: for commands that change nothing."""
    yield Shell(trained.settings, monkeypatch)
    get_settings.cache_clear()


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


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("preprocess",), "RAW_DATA.initial_data holds no load; run the DAG cargar_datos first"),
        (("load", "--source", "no/[such].csv"), "there is no file no/[such].csv"),
        (
            ("preprocess", "--train-percent", "70"),
            "train_percent + val_percent + test_percent = 70 + 10 + 10 = 90: they must add up to 100",
        ),
        (("preprocess", "--target", "lt90"), "target='lt90': input should be 'lt30' or 'any'"),
        (("train", "--n-estimators", "5"), "n_estimators=5: input should be greater than or equal to 10"),
        (("train",), "there is no prepared data set; run the DAG preprocesar_datos first"),
        (("predict", "age=200"), "age: '200' is not allowed; send a whole number from 0 to 120"),
        (
            ("predict", "time_in_hospital=3.7"),
            "time_in_hospital: '3.7' is not allowed; send a whole number from 1 to 14",
        ),
        (("predict", "diag_1=E11.9"), "diag_1: 'E11.9' looks like ICD-10; this platform reads ICD-9-CM codes"),
        (("predict", "admission_type_id=1"), "admission_type_id: '1' is a raw code: send it as admission_type_code"),
        (("predict", "race=Martian"), "race: 'Martian' is not allowed; send one of Caucasian"),
        (("predict", "agee=70"), "agee: there is no such field; the fields are race, gender, age"),
        (("predict", "A1Cresult=nan"), "A1Cresult: 'nan' is not allowed; send one of None, Norm, >7, >8"),
    ],
)
def test_errors_are_said_in_words_and_code_1(
    production_shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], complaint: str
) -> None:
    if arguments[0] != "predict":  # beside empty databases
        monkeypatch.setenv("STATE_DIR", str(tmp_path))
        get_settings.cache_clear()
        production_shell.run("init")
    said = production_shell.run(*arguments, code=1)
    assert f"error: {complaint}" in said
    assert "Traceback" not in said


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


@pytest.mark.parametrize("command", [("predict",), ("promote", "1"), ("rollback",), ("export",)])
def test_without_mlflow_the_address_is_said_at_once(shell: Shell, command: tuple[str, ...]) -> None:
    shell.run("init")
    said = shell.run(*command, code=1)
    assert "error: MLflow does not answer at http://127.0.0.1:9 (" in said
    assert "start the platform with `make demo` or `make up`" in said


def test_what_answers_but_is_not_mlflow_is_said_so(production_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = f"{production_shell.settings.tracking_uri}/nothing/here"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", elsewhere)
    get_settings.cache_clear()
    assert f"error: what answers at {elsewhere} is not MLflow" in production_shell.run("predict", code=1)


def test_a_database_that_does_not_answer_is_said_without_its_password(shell: Shell) -> None:
    """In a process of its own: PyMySQL leaves a socket open that could not be connected."""
    elsewhere = environment(shell.settings) | {"DATABASE_URL": "mysql+pymysql://me:hunter2@127.0.0.1:9"}
    command = (sys.executable, "-m", "readmission.cli", "init")
    done = subprocess.run(command, env=os.environ | elsewhere, capture_output=True, text=True, check=False)
    said = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert "error: the database at mysql+pymysql://me:***@127.0.0.1:9 refuses or does not answer: " in said
    assert "hunter2" not in said and "Traceback" not in said


def test_wrong_settings_are_said_a_line_each_before_anything_is_done(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("LOG_LEVEL", "loud"), ("DATABASE_URL", "postgres://me:hunter2@db/app")):
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    said = shell.run("init", code=1)
    assert "error: LOG_LEVEL (environment): 'loud' is not allowed; it takes DEBUG, INFO, WARNING or ERROR" in said
    assert "error: DATABASE_URL (environment): postgres://… is not allowed" in said
    assert "hunter2" not in said and not shell.settings.state_dir.exists()


@pytest.mark.parametrize("foreign", [{}, {"MLFLOW_REGISTRY_URI": "sqlite:///theirs.db", "LOG_LEVEL": "info"}])
def test_nothing_needs_to_be_exported_and_no_file_is_left(
    trained: Trained, tmp_path: Path, foreign: dict[str, str]
) -> None:
    """Nor is another project's registry asked."""
    file, folder = tmp_path / "own.env", tmp_path / "foreign"
    folder.mkdir()
    file.write_text("".join(f"{name}='{value}'\n" for name, value in environment(trained.settings).items()))
    for command in (("predict",), ("export", "--folder", str(tmp_path / "models"))):
        done = subprocess.run(
            (str(Path(sys.executable).parent / "readmission"), *command),
            cwd=folder,
            env={"PATH": os.defpath, "HOME": str(tmp_path), ENV_FILE: str(file)} | foreign,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert list(folder.iterdir()) == []


def test_train_promotes_and_a_second_training_is_compared(trained_shell: Shell) -> None:
    settings = trained_shell.settings
    trained_shell.run(
        "preprocess", "--batch-size", "20000", "--seed", "5", "--train-percent", "60", "--val-percent", "30"
    )
    name = settings.model_name
    said = trained_shell.run("train", "--n-estimators", "30")
    assert f"version 1 of {name} promoted: the first version: validation ROC-AUC" in said
    version = production_version(settings)
    assert version is not None and version.version == "1"
    said = trained_shell.run("train", "--n-estimators", "30")
    assert f"version 2 of {name} not promoted: val_f1" in said
    assert "not promoted: val_f1" in trained_shell.run("promote", "2", code=2)
    assert "error: modelo_" in trained_shell.run("promote", "99", code=1)
    forced = trained_shell.run("promote", "2", "--force", "--reason", "a try")
    assert f"version 2 of {name} promoted: a try" in forced
    assert f"version 1 of {name} promoted: rolled back by hand" in trained_shell.run("rollback")
    version = production_version(settings)
    assert version is not None and (version.version, version.tags["promotion"]) == (
        "1",
        "promoted: rolled back by hand",
    )


def test_nothing_in_production_is_said_so(trained_shell: Shell) -> None:
    assert "error: no version is in production yet" in trained_shell.run("predict", code=1)
    assert "error: no version is in production yet" in trained_shell.run("export", code=1)
    assert "has no earlier production version" in trained_shell.run("rollback", code=1)


def test_batches_that_fail_are_said_and_production_stays(trained_shell: Shell) -> None:
    said = trained_shell.run("train", "--n-estimators", "10", code=1)
    for batch in (1, 2, 3):
        assert f"batch {batch} failed: a row has no out-of-bag vote; raise n_estimators" in said
    assert "none of the 3 batches gave a model; production stays as it is" in said
    assert production_version(trained_shell.settings) is None


def test_predict_answers_in_json(production_shell: Shell) -> None:
    usual = json.loads(production_shell.run("predict"))
    risky = json.loads(production_shell.run("predict", "number_inpatient=6", "discharge_code=22", "age=85"))
    assert usual.keys() == {"prediction", "probability", "threshold", "model_name", "model_version", "dataset"}
    assert (usual["model_version"], usual["dataset"]) == ("1", "synthetic")
    assert usual["model_name"] == production_shell.settings.model_name
    assert 0 < usual["probability"] < risky["probability"] < 1
    assert risky["prediction"] == int(risky["probability"] >= risky["threshold"]) == 1


def test_export_writes_the_models_for_people(production_shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    said = production_shell.run("export", "--folder", str(folder))
    names = [*(f"modelo_entrenado_batch{batch}.pkl" for batch in (1, 2, 3)), "modelo_entrenado_final.pkl"]
    assert sorted(path.name for path in folder.iterdir()) == names
    for name in names:
        assert (folder / name).read_bytes().startswith(b"\x80")  # a pickle's first byte; it is not loaded
        assert f"{folder / name}: {(folder / name).stat().st_size:,} bytes" in said


def test_ctrl_c_gives_the_prepared_set_back(trained_shell: Shell, poll: Poll) -> None:
    settings = trained_shell.settings
    command = (sys.executable, "-m", "readmission.cli", "train", "--n-estimators", "2000", "--min-samples-leaf", "1")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        poll(lambda: _running_batches(settings), deadline=90)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=240)
    finally:
        process.kill()
        process.wait()
    assert process.returncode not in (0, -signal.SIGKILL), said
    with engine_for(settings, "CLEAN_DATA").connect() as connection:
        assert connection.execute(select(leases_table)).all() == []
    runs = _runs(settings, "tags.kind = 'training'")
    assert [run.info.status for run in runs] == ["KILLED"]
    assert [run.info.status for run in _runs(settings, "tags.kind = 'batch'")] == ["FAILED"]


def _runs(settings: Settings, which: str) -> list[Run]:
    tracking = client(settings)
    experiment = tracking.get_experiment_by_name(settings.experiment)
    return list(tracking.search_runs([experiment.experiment_id], which)) if experiment else []


def _running_batches(settings: Settings) -> bool:
    return bool(_runs(settings, "tags.kind = 'batch' and attributes.status = 'RUNNING'"))
