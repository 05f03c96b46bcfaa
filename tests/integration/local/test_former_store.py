"""A state folder of the time when SeaweedFS kept the models: told once, nothing deleted, and a new version serves."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from connections.model_registry import production_version
from connections.settings import Settings
from readmission.local import serving
from readmission.local.demo import pipeline_is_current
from readmission.local.mlflow_server import mlflow
from readmission.local.platform import Platform
from readmission.local.service import Folders
from readmission.training import batches
from tests.conftest import Poll
from tests.free_ports import free_offset
from tests.integration.pipeline import FOREST, Trained, copied, train

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Upgraded:
    """A platform that was started on an older state folder, what it told, and the files that were there before."""

    platform: Platform
    told: list[str]
    files: dict[str, bytes]


def _files(folder: Path) -> dict[str, bytes]:
    """What each file below a folder holds, by its name and that of its folder."""
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def older(trained: Trained, stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a state folder with a load, a prepared set, and a version in production without its files."""
    assert production_version(trained.settings) is not None and batches.is_current(trained.settings, FOREST)
    settings = copied(trained.settings, tmp_path_factory.mktemp("older"), "older").model_copy(
        update={
            "experiment": trained.settings.experiment,
            "model_name": trained.settings.model_name,
            "mlflow_tracking_uri": None,
            "model_poll_seconds": 0.3,
        }
    )
    folders = Folders.of(settings)
    for name in ("mlflow", "seaweedfs"):
        folders.of_service(name).mkdir(parents=True)
    (folders.of_service("seaweedfs") / "1.dat").write_bytes(b"the models")
    _copy_runs_and_registry(Folders.of(stores), folders)
    return settings.model_copy(update={"port_offset": free_offset(settings)})


def _copy_runs_and_registry(source: Folders, target: Folders) -> None:
    with (
        closing(sqlite3.connect(source.of_service("mlflow") / "mlflow.db")) as present,
        closing(sqlite3.connect(target.of_service("mlflow") / "mlflow.db")) as copy,
    ):
        present.backup(copy)


@pytest.fixture(scope="module")
def upgraded(older: Settings) -> Iterator[Upgraded]:
    """MLflow and the prediction service, started on the older state folder."""
    platform = Platform(older, (mlflow(older), serving.api(older)))
    files = _files(older.state_dir)
    told: list[str] = []
    try:
        platform.up(lambda *_: None, told.append)
        yield Upgraded(platform, told, files)
    finally:
        platform.down()


def test_a_person_is_told_where_everything_is(upgraded: Upgraded) -> None:
    (told,) = upgraded.told
    assert "SeaweedFS" in told and "`make demo` trains again" in told and "Nothing was deleted" in told
    (aside,) = upgraded.platform.folders.state.glob("with-seaweedfs-*")
    assert str(aside / "mlflow/mlflow.db") in told and str(aside / "seaweedfs") in told
    assert aside.stat().st_mode & 0o777 == 0o700


def test_nothing_is_deleted(upgraded: Upgraded) -> None:
    kept = _files(upgraded.platform.folders.state)
    (aside,) = upgraded.platform.folders.state.glob("with-seaweedfs-*")
    assert {"seaweedfs/1.dat", "mlflow/mlflow.db", "databases/CLEAN_DATA.db"} <= upgraded.files.keys()
    assert _files(aside).items() <= upgraded.files.items()
    assert kept.keys() >= upgraded.files.keys()


def test_no_version_without_files_is_in_production_and_no_training_is_current(upgraded: Upgraded) -> None:
    settings = upgraded.platform.settings
    assert production_version(settings) is None
    assert not batches.is_current(settings, FOREST)
    assert not pipeline_is_current(settings, None)
    answer = httpx.post(f"{settings.url('api')}/predict", json={}, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_model")


def test_another_start_says_nothing_and_leaves_everything(upgraded: Upgraded) -> None:
    said: list[str] = []
    before = {name: state.pid for name, state in upgraded.platform.supervisor.states().items()}
    upgraded.platform.up(lambda *_: None, said.append)
    assert said == []
    assert {name: state.pid for name, state in upgraded.platform.supervisor.states().items()} == before


# The last one: it trains.
def test_training_again_puts_a_new_version_in_service(upgraded: Upgraded, poll: Poll) -> None:
    settings = upgraded.platform.settings
    outcome = train(settings).outcome
    assert outcome.verdict.promoted and "the first version" in outcome.verdict.reason
    with httpx.Client(base_url=settings.url("api"), timeout=30, trust_env=False) as api:
        poll(lambda: api.get("/model").is_success)
        assert api.get("/model").json()["version"] == outcome.version
        assert api.post("/predict", json={}).status_code == 200
