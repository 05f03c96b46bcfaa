"""The commands on models: training, promotion, prediction and export, and a training that is broken off by a key."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, timedelta, timezone
from pathlib import Path

import pytest
from mlflow.entities import Run
from sqlalchemy import select

from connections.model_registry import client, production_version
from connections.mysql_connections import engine_for
from connections.settings import ENV_FILE, Settings
from connections.tables import leases as leases_table
from readmission.registry.ledger import entries
from tests.conftest import Poll
from tests.integration.cli.shell import Shell, environment
from tests.integration.pipeline import Trained

pytestmark = pytest.mark.slow


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
    refusal = "not promoted: compared with version 1: val_f1 0."
    assert f"version 2 of {name} {refusal}" in said
    assert refusal in trained_shell.run("promote", "2", code=2)
    assert "error: modelo_" in trained_shell.run("promote", "99", code=1)
    forced = trained_shell.run("promote", "2", "--force", "--reason", "a try")
    assert f"version 2 of {name} promoted: a try" in forced
    assert "--force needs a --reason" in trained_shell.run("promote", "2", "--force", code=2)
    assert "say why" in trained_shell.run("rollback", "--reason", " ", code=2)
    back = trained_shell.run("rollback", "--reason", "a try [too]", "--by", "the ward")
    assert f"version 1 of {name} is back in place of 2: a try [too]" in back
    version = production_version(settings)
    assert version is not None and version.version == "1"
    assert version.tags["promotion"].splitlines()[0] == "rolled back to: a try [too]"
    assert "is withdrawn: biased" in trained_shell.run("withdraw", "2", "--reason", "biased")
    _tells_what_became_of_each_version(trained_shell)


def _tells_what_became_of_each_version(shell: Shell) -> None:
    name = shell.settings.model_name
    told = shell.run("history")
    for action in ("promoted", "refused", "approved", "rolled back", "withdrawn"):
        assert told.count(f"│ {action} ") == (2 if action == "refused" else 1), told
    promoted, _, _, approved, back, _ = entries(shell.settings, name)
    for entry, why in ((promoted, "the first version"), (approved, "a try"), (back, "a try [too]")):
        said = shell.run("history", "--at", entry.happened_at.isoformat())
        assert f"version {entry.to_version} of {name}, live since {entry.happened_at} UTC, " in said
        assert f"by {entry.by_whom}: {why}" in said
    assert back.by_whom == "the ward" and approved.by_whom.endswith("@cli")
    an_hour_east = approved.happened_at.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=1)))
    assert "version 2 of" in shell.run("history", "--at", an_hour_east.isoformat())
    assert f"no version of {name} was live at 2026-01-01" in shell.run("history", "--at", "2026-01-01", code=2)
    assert "is no ISO time" in shell.run("history", "--at", "yesterday", code=2)


def test_nothing_in_production_is_said_so(trained_shell: Shell) -> None:
    assert "error: no version is in production yet" in trained_shell.run("predict", code=1)
    assert "error: no version is in production yet" in trained_shell.run("export", code=1)
    assert "is in production, nor was one" in trained_shell.run("rollback", "--reason", "a try", code=1)
    assert "nothing was promoted of" in trained_shell.run("history")
    assert "Missing option '--reason'" in trained_shell.run("rollback", code=2)


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
    names = [f"modelo_entrenado_{model}.pkl" for model in ("batch1", "batch2", "batch3", "ensemble", "final")]
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
        said = _interrupted(process)
    finally:
        process.kill()
        process.wait()
    assert process.returncode not in (0, -signal.SIGKILL), said
    with engine_for(settings, "CLEAN_DATA").connect() as connection:
        assert connection.execute(select(leases_table)).all() == []
    runs = _runs(settings, "tags.kind = 'training'")
    assert [run.info.status for run in runs] == ["KILLED"]
    assert [run.info.status for run in _runs(settings, "tags.kind = 'batch'")] == ["FAILED"]


def _interrupted(process: subprocess.Popen[str]) -> str:
    """What it says at its end; it is asked again, as by a person: Python drops a key that comes during a callback."""
    for _ in range(4):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=30)[0]
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("Ctrl-C did not end it in two minutes")


def _runs(settings: Settings, which: str) -> list[Run]:
    tracking = client(settings)
    experiment = tracking.get_experiment_by_name(settings.experiment)
    return list(tracking.search_runs([experiment.experiment_id], which)) if experiment else []


def _running_batches(settings: Settings) -> bool:
    return bool(_runs(settings, "tags.kind = 'batch' and attributes.status = 'RUNNING'"))
