"""Every command of `readmission`, as a person types it while the platform runs: in any folder, with nothing exported.

It finds the platform through the clone's `.env` and state folder, and leaves no file where it was typed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from connections.settings import ENV_FILE
from readmission.cli import app
from tests.conftest import ROOT
from tests.demo.watched import SECRETS, Watched

COMMAND_SECONDS = 300
# What the running platform tells by itself.
TOLD_BY_THE_PLATFORM = ("PORT_OFFSET", "BIND_ADDRESS", "AIRFLOW_PORT", "API_PORT", "FORM_PORT", "MLFLOW_PORT", ENV_FILE)

Said = Callable[[str], bool]


def matches(pattern: str) -> Said:
    return lambda said: re.search(pattern, said) is not None


def is_a_prediction(said: str) -> bool:
    answer = json.loads(said)
    return bool(answer["model_name"] == "mejor_modelo_diabetes" and 0 < answer["probability"] < 1)


# By command, in the order in which they are tried: what is typed after it, the exit codes that are right, and what it
# says. `{out}` is a folder that is not the current one.
TRIALS: dict[str, tuple[str, set[int], Said]] = {
    "init": ("", {0}, matches(r"RAW_DATA: at revision .*nothing to migrate")),
    "synth": ("--out {out}/made.csv --rows 500", {0}, matches(r"made\.csv: 500 synthetic encounters")),
    "load": ("", {0}, matches(r"load \d+: [\d,]+ rows, \w+, unchanged")),
    "preprocess": ("--batch-size 60000", {0}, matches(r"prepared set \d+: train [\d,]+, val [\d,]+, test [\d,]+")),
    "train": ("--n-estimators 30", {0}, matches(r"version 2 of mejor_modelo_diabetes (not )?promoted: ")),
    "unlock": ("", {0}, matches("nothing was in use")),
    "promote": ("2 --force --reason tried", {0}, matches("version 2 of mejor_modelo_diabetes promoted: tried")),
    "rollback": ("", {0}, matches("version 1 of mejor_modelo_diabetes promoted: rolled back by hand")),
    "predict": ("number_inpatient=3 age=80", {0}, is_a_prediction),
    "export": ("--folder {out}/models", {0}, matches(r"modelo_entrenado_final\.pkl: [\d,]+ bytes")),
}


def _commands() -> set[str]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return set(group.commands)


@pytest.fixture(scope="module")
def clone(demo: Watched, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code in a folder of its own, whose `.env` names the demo's state folder and none of its ports."""
    folder = tmp_path_factory.mktemp("clone")
    for package in ("connections", "readmission"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".env.example", folder)
    assert demo.summary is not None
    given = demo.settings.as_environment(*SECRETS)
    if demo.summary.dataset == "synthetic":
        given["DATASET_SOURCE"] = "synthetic"
    lines = (f"{name}='{value}'\n" for name, value in given.items() if name not in TOLD_BY_THE_PLATFORM)
    (folder / ".env").write_text("".join(lines), encoding="utf-8")
    return folder


def test_every_command_is_tried() -> None:
    assert set(TRIALS) == _commands()


@pytest.mark.parametrize("command", TRIALS)
def test_a_command_works_in_any_folder_and_leaves_nothing_there(command: str, clone: Path, tmp_path: Path) -> None:
    foreign, out = tmp_path / "foreign", tmp_path / "out"
    foreign.mkdir()
    out.mkdir()
    arguments, codes, said = TRIALS[command]
    done = subprocess.run(
        (str(Path(sys.executable).parent / "readmission"), command, *arguments.format(out=out).split()),
        cwd=foreign,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode in codes, done.stdout + done.stderr
    assert said(done.stdout), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert list(foreign.iterdir()) == []
