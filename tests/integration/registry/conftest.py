"""Versions of the trained pipeline's models, in a registered model of each test's own."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from connections.model_registry import client, make_default, production_version
from connections.settings import Settings
from readmission.clean import prepared_sets
from readmission.model.forest import inputs, make_pipeline
from readmission.registry.batch_models import batch_runs, logged_model_id
from readmission.registry.ledger import Entry, entries, last_live
from readmission.registry.promotion import promote
from readmission.storage.contract_tables import SPLITS
from readmission.storage.databases import initialise
from readmission.training.batch_results import keep
from readmission.training.mlflow_runs import open_run, provenance
from tests.integration.app_back.served import register_unpromoted, write_served
from tests.integration.pipeline import FOREST, Trained
from tests.mlflow_admin import mlflow_admin

Register = Callable[..., str]
POOR = 90


@pytest.fixture
def settings(trained: Trained, request: pytest.FixtureRequest) -> Settings:
    """The trained pipeline's stores and validation rows, with a registered model of the test's own."""
    return trained.settings.model_copy(update={"model_name": re.sub(r"\W+", "_", request.node.name)})


@pytest.fixture
def tracking(settings: Settings) -> MlflowClient:
    return client(settings)


@pytest.fixture
def ranked(trained: Trained, tracking: MlflowClient) -> list[int]:
    """What learned of other rows' outcomes, then the batches by their `val_f1`, worst first."""
    runs = batch_runs(tracking, trained.plan.parent_run_id)
    batches = [int(run.data.tags["batch_id"]) for run in sorted(runs, key=lambda run: run.data.metrics["val_f1"])]
    return [POOR, *batches]


@pytest.fixture(scope="session")
def poor(trained: Trained) -> Run:
    """A run whose forest learned the outcomes of other rows, so that every batch is better beyond chance."""
    settings = trained.settings
    make_default(settings)
    tracking, prepared = client(settings), prepared_sets.current(settings)
    data = {split: prepared_sets.read_split(settings, split) for split in SPLITS}
    shuffled = np.random.default_rng(0).permutation(data["train"]["target"])
    pipeline = make_pipeline(FOREST, jobs=1).fit(inputs(data["train"]), shuffled)
    tags = {**provenance(settings, prepared, FOREST), "batch_id": str(POOR)}
    run_id = open_run(tracking, settings, "poor", tags).info.run_id
    keep(settings, prepared, pipeline, data, str(POOR), run_id)
    tracking.set_terminated(run_id)
    return tracking.get_run(run_id)


@pytest.fixture
def register(trained: Trained, settings: Settings, tracking: MlflowClient, poor: Run) -> Register:
    """Makes a version of one batch's model, tagged as its training would have tagged it but for what is given."""
    runs = {int(run.data.tags["batch_id"]): run for run in (poor, *batch_runs(tracking, trained.plan.parent_run_id))}
    tracking.create_registered_model(settings.model_name)

    def made(batch_id: int, **changes: str) -> str:
        run = runs[batch_id]
        model_id = logged_model_id(run)
        tags = {**run.data.tags, **{name: repr(value) for name, value in run.data.metrics.items()}, **changes}
        ours = {name: value for name, value in tags.items() if not name.startswith("mlflow.")}
        version = tracking.create_model_version(
            settings.model_name, f"models:/{model_id}", run_id=run.info.run_id, tags=ours, model_id=model_id
        )
        return str(version.version)

    return made


def in_production(settings: Settings) -> str | None:
    version = production_version(settings)
    return version.version if version else None


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The served files of two forests."""
    folder = tmp_path_factory.mktemp("ledger")
    return write_served(folder / "1", seed=1), write_served(folder / "2", seed=2)


@dataclass(frozen=True)
class Model:
    """A registered model of a test's own, whose versions are nothing but served files, with an empty ledger."""

    settings: Settings
    files: tuple[Path, Path]
    scratch: Path

    @property
    def name(self) -> str:
        return self.settings.model_name

    def version(self, served: Path | None = None) -> str:
        """Makes one more version, of the first forest's files unless others are given."""
        scratch = Path(tempfile.mkdtemp(dir=self.scratch)) / "version"
        return register_unpromoted(self.settings, served or self.files[0], scratch).version

    def versions(self, count: int) -> list[str]:
        return [self.version() for _ in range(count)]

    def approve(self, *versions: str) -> None:
        """Promotes them one after the other, as a person does."""
        for version in versions:
            promote(self.settings, self.name, version, f"approved {version}", by_whom="a person")

    def live(self) -> str | None:
        """What is in production, by the alias; the ledger must know it."""
        version, entry = in_production(self.settings), last_live(self.entries())
        assert version == (entry and entry.to_version)
        return version

    def entries(self) -> list[Entry]:
        return entries(self.settings, self.name)

    def told(self) -> list[tuple[str, str | None, str | None]]:
        return [(one.action, one.from_version, one.to_version) for one in self.entries()]

    def delete(self, version: str) -> None:
        """As somebody does in MLflow, who moves it out of its stage first."""
        with mlflow_admin(self.settings) as admin:
            admin.delete_model_version(self.name, version)


@pytest.fixture
def model(stores: Settings, files: tuple[Path, Path], tmp_path: Path, request: pytest.FixtureRequest) -> Model:
    name = re.sub(r"\W+", "_", request.node.name)
    settings = stores.model_copy(update={"state_dir": tmp_path / "var", "model_name": name})
    initialise(settings)
    return Model(settings, files, tmp_path)
