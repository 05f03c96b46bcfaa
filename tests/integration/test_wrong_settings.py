"""Whatever starts with a wrong setting says which, in a line, and nothing else: no traceback, no secret, no wait."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException
from streamlit.testing.v1 import AppTest

from connections.settings import get_settings
from tests.conftest import ROOT

WRONG = {"LOG_LEVEL": "loud", "MODEL_ALIAS": "latest"}
LINES = (
    "LOG_LEVEL (environment): 'loud' is not allowed; it takes DEBUG, INFO, WARNING or ERROR",
    "MODEL_ALIAS (environment): 'latest' is not allowed; it takes letters, digits, _ and -",
)
STARTED = {
    "demo": ("-m", "readmission.local", "demo"),
    "services": ("-m", "readmission.local", "up"),
    "status": ("-m", "readmission.local", "status"),
    "service": ("-m", "app_back", "--port", "1"),
    "bucket": (str(ROOT / "minio/create_bucket.py"),),
    "run-pipeline": (str(ROOT / "compose/run_pipeline.py"),),
    "command line": ("-m", "readmission.cli", "predict"),
}


def _started(tmp_path: Path, arguments: tuple[str, ...], **environment: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "here").mkdir()
    return subprocess.run(
        (sys.executable, *arguments),
        cwd=tmp_path / "here",
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "READMISSION_ENV_FILE": ""}
        | {"STATE_DIR": str(tmp_path / "var")}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _left(tmp_path: Path) -> list[Path]:
    return [*(tmp_path / "here").iterdir(), *tmp_path.glob("var"), *tmp_path.glob("*.csv")]


@pytest.mark.parametrize("name", STARTED)
def test_it_ends_at_once_with_a_line_a_setting(name: str, tmp_path: Path) -> None:
    done = _started(tmp_path, STARTED[name], **WRONG)
    assert done.returncode == 1
    assert all(line in done.stderr for line in LINES), done.stderr
    assert "Traceback" not in done.stdout + done.stderr and _left(tmp_path) == []


def test_the_embedded_platform_does_not_follow_exported_addresses(tmp_path: Path) -> None:
    exported = {"DATABASE_URL": "postgres://me:hunter2@db/app", "MLFLOW_TRACKING_URI": "http://other.example"}
    done = _started(tmp_path, STARTED["status"], **exported)
    assert done.returncode == 1 and "airflow-scheduler" in done.stdout  # nothing runs, and is shown
    for name in exported:
        assert f"{name} of the environment is not used: the embedded platform has its own" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("state", ["/sys/readmission", "/etc/hostname"])
def test_a_state_folder_that_cannot_be_written_is_said_before_anything_is_fetched(state: str, tmp_path: Path) -> None:
    done = _started(tmp_path, STARTED["demo"], STATE_DIR=state, DATASET_PATH=str(tmp_path / "data.csv"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"STATE_DIR: {state} cannot be written (")
    assert "Traceback" not in done.stderr and _left(tmp_path) == []


def test_a_task_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from wiring import get_settings as settings_of_a_task

    monkeypatch.setenv("LOG_LEVEL", "loud")
    get_settings.cache_clear()
    with pytest.raises(AirflowFailException, match=r"^LOG_LEVEL \(environment\): 'loud' is not allowed"):
        settings_of_a_task()


def test_the_form_says_so_on_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    get_settings.cache_clear()
    page = AppTest.from_file(str(ROOT / "app_front/app.py"), default_timeout=30).run()
    assert [error.value.split(" is not")[0] for error in page.error] == ["LOG_LEVEL (environment): 'loud'"]
    assert list(page.exception) == []
