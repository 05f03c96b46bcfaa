"""Old trainings go from MLflow in two steps, and never what production, a challenger or a rollback needs."""

import importlib.util
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

import pytest
from mlflow import get_tracking_uri, set_tracking_uri
from mlflow.tracking import MlflowClient

from connections.settings import Settings
from readmission.local import prune as pruning
from readmission.local.service import Folders
from tests.conftest import ROOT

NAME = "modelo"
# MLflow's own store, which is not imported with warnings as errors elsewhere.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")


@dataclass
class Store:
    """An MLflow of the test's own, whose server need not run: what is deleted is its database's and its folder's."""

    settings: Settings
    client: MlflowClient
    experiment: str
    moment: int = 0

    @property
    def artifacts(self) -> Path:
        return Folders.of(self.settings).of_service("mlflow") / "artifacts"

    def training(self, promoted: bool = False, batches: int = 2) -> str:
        """A training that ended well: its run, a model a batch with a file, and a version of the last one."""
        self.moment += 1
        parent = self.client.create_run(self.experiment, self.moment, {"kind": "training"})
        for _ in range(batches):
            tags = {"kind": "batch", "mlflow.parentRunId": parent.info.run_id}
            run = self.client.create_run(self.experiment, self.moment, tags)
            model = self.client.create_logged_model(self.experiment, source_run_id=run.info.run_id)
            self.file_of(model.artifact_location).write_text("a forest", encoding="utf-8")
            self.client.set_terminated(run.info.run_id)
        self.client.set_terminated(parent.info.run_id)
        source = f"models:/{model.model_id}"
        version = self.client.create_model_version(NAME, source, parent.info.run_id, model_id=model.model_id).version
        if promoted:
            self.client.set_model_version_tag(NAME, str(version), "promoted_at", f"2026-01-{self.moment:02}")
            self.client.set_registered_model_alias(NAME, "production", str(version))
        return str(version)

    def file_of(self, location: str) -> Path:
        path = self.artifacts / location.removeprefix("mlflow-artifacts:/").strip("/") / "model.skops"
        path.parent.mkdir(parents=True)
        return path

    def age_what_is_deleted(self) -> None:
        """As if it had been deleted 31 days ago."""
        file, past = Folders.of(self.settings).of_service("mlflow") / "mlflow.db", 31 * 24 * 3_600_000
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(f"UPDATE runs SET deleted_time = deleted_time - {past}")
            connection.execute(
                f"UPDATE logged_models SET last_updated_timestamp_ms = last_updated_timestamp_ms - {past}"
            )
            connection.commit()

    def files(self) -> int:
        return sum(1 for one in self.artifacts.rglob("*") if one.is_file())

    def versions(self) -> set[str]:
        return {str(one.version) for one in self.client.search_model_versions(f"name = '{NAME}'")}

    def prune(self, *more: str, keep: int = 1, days: int = 30) -> str:
        if more:  # as it is run; which takes seconds, that importing MLflow takes
            (said,) = pruning.prune(self.settings, keep, days, dry=True)
            return said
        what = self.program.plan(self.client, keep, days)
        self.program.carry_out(self.client, what, str(self.artifacts))
        return str(what.said(dry=False))

    @cached_property
    def program(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location("prune", ROOT / "mlflow/prune.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules["prune"] = module
        spec.loader.exec_module(module)
        return module


def empty(file: Path) -> None:
    """Takes away what other tests have put in."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in {*tables} - {"alembic_version", "experiments", "workspaces"}:
            connection.execute(f"DELETE FROM {table}")
        connection.commit()


@pytest.fixture
def store(stores: Settings, tmp_path: Path, private_settings: Callable[[Path], Settings]) -> Iterator[Store]:
    settings = private_settings(tmp_path / "own")
    folder = Folders.of(settings).of_service("mlflow")
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(Folders.of(stores).of_service("mlflow") / "mlflow.db")) as connection:
        connection.execute(f"VACUUM INTO '{folder / 'mlflow.db'}'")  # its migrations would take many seconds
    empty(folder / "mlflow.db")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client, before = MlflowClient(tracking_uri=uri, registry_uri=uri), get_tracking_uri()
    set_tracking_uri(uri)  # a version's model is looked up there, whatever the client was told
    client.create_registered_model(NAME)
    yield Store(settings, client, client.create_experiment("own", artifact_location="mlflow-artifacts:/own"))
    set_tracking_uri(before)


def test_what_is_needed_stays_and_the_rest_goes_in_two_steps(store: Store) -> None:
    versions = [store.training() for _ in range(2)]
    back, production = store.training(promoted=True), store.training(promoted=True)
    challenger = store.training()
    store.client.set_registered_model_alias(NAME, "challenger", challenger)
    versions += [store.training(), store.training()]
    running = store.client.create_run(store.experiment, 0, {"kind": "training"}).info.run_id
    own = store.client.create_run(store.experiment, 0).info.run_id  # somebody's
    store.client.set_terminated(own)
    everything, files = store.versions(), store.files()

    old = "9 runs, 6 models and 3 versions of old trainings; "
    assert store.prune("--dry").startswith(f"MLflow: would delete {old}would remove for good 0 runs and 0 models")
    assert store.versions() == everything and store.files() == files == 14

    assert store.prune().startswith(f"MLflow: deleted {old}removed for good 0 runs and 0 models")
    assert store.versions() == {back, production, challenger, versions[-1]}
    assert store.files() == files, "it can be restored yet"
    assert {store.client.get_run(run).info.lifecycle_stage for run in (running, own)} == {"active"}

    store.age_what_is_deleted()
    told = store.prune()
    assert told == (
        "MLflow: deleted 0 runs, 0 models and 0 versions of old trainings; removed for good 9 runs and 6 models that "
        "were deleted before"
    )
    assert store.files() == 8 and store.versions() == {back, production, challenger, versions[-1]}


def test_what_production_needs_stays_even_where_somebody_deleted_it(store: Store) -> None:
    production = store.training(promoted=True)
    for _ in range(2):
        store.training()
    version = store.client.get_model_version(NAME, production)
    batches = store.client.search_runs([store.experiment], f"tags.`mlflow.parentRunId` = '{version.run_id}'")
    for run in (version.run_id, *(one.info.run_id for one in batches)):
        store.client.delete_run(run)
    store.client.delete_logged_model(str(version.source).removeprefix("models:/"))
    store.age_what_is_deleted()
    store.prune()
    assert store.client.get_run(str(version.run_id)).info.lifecycle_stage == "deleted"
    assert store.files() == 4 + 2, "the other's are deleted, and not yet gone"
