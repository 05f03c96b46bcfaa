"""Airflow's folders go where the state folder goes, whatever Airflow wrote into it before."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from connections.settings import Settings
from readmission.local import airflow
from readmission.local.service import Folders, program

pytestmark = pytest.mark.slow

FOLDERS = [
    ("core", "plugins_folder"),
    ("logging", "base_log_folder"),
    ("logging", "dag_processor_child_process_log_directory"),
]
ASK = f"import json; from airflow.configuration import conf; print(json.dumps([conf.get(*one) for one in {FOLDERS}]))"


def places(settings: Settings) -> list[str]:
    """Where Airflow says that it reads and writes, after a command of its own: it writes a file if there is none."""
    environment = airflow.environment(settings)
    command = (program("airflow"), "config", "get-value", "core", "executor")
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    asked = subprocess.run((sys.executable, "-c", ASK), env=environment, capture_output=True, text=True, check=True)
    found: list[str] = json.loads(asked.stdout.splitlines()[-1])
    return found


def migrated(settings: Settings) -> Path:
    """The folder of an Airflow whose database was made already."""
    folders = Folders.of(settings)
    folders.create(airflow.services(settings))
    home = folders.of_service("airflow")
    (home / "migrated-to").write_text(version("apache-airflow-core"), encoding="utf-8")
    return home


def test_airflow_reads_and_writes_where_the_folder_is_now(settings: Settings, tmp_path: Path) -> None:
    before = settings.model_copy(update={"state_dir": tmp_path / "before"})
    home = migrated(before)
    assert [Path(place).parts[: len(home.parts)] for place in places(before)] == [home.parts] * len(FOLDERS)
    after = settings.model_copy(update={"state_dir": tmp_path / "after"})
    before.state_dir.rename(after.state_dir)
    airflow.prepare(after, lambda: None)
    assert not any(str(before.state_dir) in place for place in places(after))
    assert not before.state_dir.exists()
