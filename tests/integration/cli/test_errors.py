"""What goes wrong is one line in words, with code 1: inputs, settings, and servers that do not answer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connections.settings import get_settings
from tests.integration.cli.shell import Shell, environment


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


@pytest.mark.parametrize(
    "command", [("predict",), ("promote", "1"), ("rollback", "--reason", "tried"), ("history",), ("export",)]
)
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
