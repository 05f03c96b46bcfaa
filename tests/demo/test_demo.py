"""What the demo must come to, on the real data set or on made-up encounters; `make demo-check` runs this."""

import json
import os
import shutil
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from connections.api_keys import changing, made, new_key
from connections.settings import ENV_FILE, SYNTHETIC, UCI_ARCHIVE, Settings
from readmission.local.backup import Asked, restore, save
from readmission.local.mlflow_server import mlflow
from readmission.local.platform import Platform
from readmission.local.serving import api
from readmission.local.summary import Summary
from tests.conftest import ROOT, Poll
from tests.demo.trials import TRIALS, commands
from tests.demo.watched import SECRETS, Watched
from tests.free_ports import free_offset
from tests.recording_proxy import RecordingProxy

REAL_ROWS = 101_766
REAL_BATCHES = 6
MOST_MEMORY = 4e9
LOWEST_ROC_AUC = {"real": 0.64, SYNTHETIC: 0.60}
LOWEST_F1 = 0.25
HIGHEST_BRIER_RATIO = 0.97  # of the Brier score of the base rate on the same rows
COMMAND_SECONDS = 300
# What the running platform tells a command by itself.
TOLD_BY_THE_PLATFORM = ("PORT_OFFSET", "BIND_ADDRESS", "AIRFLOW_PORT", "API_PORT", "FORM_PORT", "MLFLOW_PORT", ENV_FILE)


@pytest.fixture
def summary(demo: Watched) -> Summary:
    assert demo.summary is not None
    return demo.summary


@pytest.fixture
def real(summary: Summary) -> Summary:
    """The summary of a demo on the real data set."""
    if summary.dataset != "real":
        pytest.skip("the demo ran on made-up encounters")
    return summary


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


def test_the_data_is_what_was_asked_for(demo: Watched, summary: Summary) -> None:
    asked = demo.settings.dataset_source
    assert summary.dataset in {UCI_ARCHIVE: {"real", SYNTHETIC}, SYNTHETIC: {SYNTHETIC}}.get(asked, {"real"})


def test_every_row_of_the_real_data_is_loaded(real: Summary) -> None:
    assert real.rows_loaded == REAL_ROWS


def test_the_real_data_makes_six_batches_and_their_vote(real: Summary) -> None:
    assert [batch.batch_id for batch in real.batches] == [*range(1, REAL_BATCHES + 1), "all"]


def test_a_batch_is_in_production(summary: Summary) -> None:
    assert summary.production.batch_id in {batch.batch_id for batch in summary.batches}


def test_f1_is_high_enough(summary: Summary) -> None:
    assert summary.production.test_f1 >= LOWEST_F1


def test_the_brier_score_is_better_than_the_base_rates(summary: Summary) -> None:
    assert summary.production.test_brier <= HIGHEST_BRIER_RATIO * summary.production.test_base_brier


def test_roc_auc_is_high_enough(summary: Summary) -> None:
    assert summary.production.test_roc_auc >= LOWEST_ROC_AUC[summary.dataset]


def _listed(address: str, key: str) -> httpx.Response | None:
    answer = httpx.get(address, headers={"X-API-Key": key}, timeout=30, trust_env=False)
    return answer if answer.is_success else None


def test_the_prediction_is_logged(demo: Watched, summary: Summary, poll: Poll) -> None:
    address, key = f"{demo.settings.url('api')}/predictions?limit=5", new_key()
    assert httpx.get(address, headers={"X-API-Key": key}, timeout=30, trust_env=False).status_code == 401
    with changing(demo.settings.keys_file) as keys:
        keys.append(made("tests", "read", key))
    answer = poll(lambda: _listed(address, key), deadline=10)
    assert answer is not None
    assert summary.prediction.prediction_id in [one["prediction_id"] for one in answer.json()["predictions"]]


def test_nothing_of_the_platforms_own_went_through_the_proxy(demo: Watched, hospital: RecordingProxy) -> None:
    assert demo.summary is not None and hospital.asked == []


def test_the_tasks_logs_say_what_happened_and_nothing_else(demo: Watched) -> None:
    """No flood of warnings, and nothing at a level that it does not have."""
    logs = sorted((demo.settings.state_dir / "airflow/logs").glob("dag_id=*/run_id=*/task_id=*/**/attempt=*.log"))
    lines = {log: [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] for log in logs}
    assert len(lines) >= 6 and max(map(len, lines.values())) <= 60
    loud = [line for said in lines.values() for line in said if line["level"] not in ("debug", "info")]
    assert loud == []
    batches = [line["event"] for said in lines.values() for line in said if "val_f1" in line["event"]]
    assert any(event.startswith("batch 1: val_f1 0.") for event in batches)


def test_nothing_listens_beyond_loopback(demo: Watched) -> None:
    assert {address for address, _ in demo.listened | demo.platform.listening()} == {"127.0.0.1"}


def test_no_other_user_can_read_anything_of_it(demo: Watched) -> None:
    state = demo.settings.state_dir
    modes = {}
    for path in (state, *state.rglob("*")):
        with suppress(FileNotFoundError):  # the services go on, with files that come and go
            modes[path] = path.lstat().st_mode
    assert len(modes) > 50
    closed = (stat.S_ISLNK, stat.S_ISSOCK)  # by the folder that they are in
    assert [path for path, mode in modes.items() if mode & 0o077 and not any(kind(mode) for kind in closed)] == []


def test_every_service_is_healthy(demo: Watched) -> None:
    assert [service.name for service in demo.platform.services if not service.healthy()] == []


def test_memory_stays_within_bounds(demo: Watched) -> None:
    assert 0 < demo.peak_memory < MOST_MEMORY


def test_every_command_is_tried() -> None:
    assert set(TRIALS) == commands()


@pytest.mark.parametrize("command", TRIALS)
def test_a_command_works_in_any_folder_and_leaves_nothing_there(command: str, clone: Path, tmp_path: Path) -> None:
    """It finds the platform through the clone's `.env` and state folder, with nothing exported."""
    foreign, out = tmp_path / "foreign", tmp_path / "out"
    foreign.mkdir()
    out.mkdir()
    (out / "ask.csv").write_text("age,number_inpatient\n80,3\n65,0\n", encoding="utf-8")
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


def answer(settings: Settings, poll: Poll) -> tuple[str, float]:
    """The version that answers a fixed encounter, and how."""
    address, key = settings.prediction_api, {"X-API-Key": settings.form_api_key.get_secret_value()}
    with httpx.Client(base_url=address, headers=key, trust_env=False) as api:
        poll(lambda: api.get("/model").json().get("version") is not None, deadline=60)
        told = api.post("/predict", json={"age": 85, "number_inpatient": 4}).raise_for_status().json()
    return told["model_version"], told["probability"]


@pytest.fixture(scope="module")
def saved(demo: Watched, poll: Poll) -> tuple[Path, tuple[str, float]]:
    """A backup of the demo while it runs, and what it answered then."""
    answered = answer(demo.settings, poll)
    return save(demo.settings, demo.folder / "backups", "four words of a ward"), answered


def test_it_is_saved_while_it_runs(saved: tuple[Path, tuple[str, float]]) -> None:
    assert saved[0].stat().st_size > 1_000_000


# The last two: what the others use is stopped.
def test_nothing_is_left_running(demo: Watched) -> None:
    assert demo.left() != []
    demo.platform.down()
    assert demo.left() == []


def test_the_same_version_answers_the_same_in_an_empty_folder(
    demo: Watched, saved: tuple[Path, tuple[str, float]], tmp_path: Path, poll: Poll
) -> None:
    fresh = demo.settings.model_copy(update={"state_dir": tmp_path / "var", "port_offset": free_offset(demo.settings)})
    restore(fresh, saved[0], "four words of a ward", Asked())
    platform = Platform(fresh, (mlflow(fresh), api(fresh)))
    try:
        platform.up(lambda _name, _doing: None)
        assert answer(fresh, poll) == saved[1]
    finally:
        platform.down()
