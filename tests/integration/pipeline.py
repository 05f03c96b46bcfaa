"""A small pipeline on synthetic data: three batches, each learned in a second or two."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from connections.mysql_connections import DATABASES, engine_for
from connections.settings import Settings
from readmission import synthetic
from readmission.clean import prepare
from readmission.params import ForestParams, PrepareParams
from readmission.raw import ingest
from readmission.storage.databases import initialise
from readmission.training.batches import TrainingPlan, begin, train_batch
from readmission.training.selection import Outcome, select

# So many that no batch is far from the validation rows by chance; the time goes to MLflow, not to the forests.
ROWS = 30_000
BATCHES = 3
PREPARED = PrepareParams(seed=5, batch_size=6_000, train_percent=60, val_percent=30, test_percent=10)
FOREST = ForestParams(n_estimators=30)


@dataclass(frozen=True)
class Trained:
    """A training that ended well: tests may read what it left, and copy it, but not change it."""

    settings: Settings
    plan: TrainingPlan
    outcome: Outcome


def own_pipeline(stores: Settings, folder: Path, name: str) -> Settings:
    """The shared stores, with databases, an experiment and a registered model of the test's own."""
    return stores.model_copy(
        update={
            "state_dir": folder / "var",
            "dataset_path": folder / "data/Diabetes.csv",
            "experiment": f"pipeline {name}",
            "model_name": f"modelo_{name}",
        }
    )


def filled(settings: Settings, rows: int = ROWS) -> Settings:
    """The same settings, after synthetic encounters were loaded and prepared."""
    initialise(settings)
    synthetic.write(settings.dataset_path, rows, seed=1)
    ingest.load(settings)
    prepare.prepare(settings, PREPARED)
    return settings


def copied(settings: Settings, folder: Path, name: str) -> Settings:
    """Settings of databases that hold what these do, with an experiment and a registered model of their own."""
    for database in DATABASES:
        engine_for(settings, database).dispose()
    own = own_pipeline(settings, folder, name)
    shutil.copytree(settings.state_dir / "databases", own.state_dir / "databases")
    return own


def train(settings: Settings, params: ForestParams = FOREST) -> Trained:
    """Trains every batch of the present prepared set and selects, as the DAG and the command do."""
    plan = begin(settings, params)
    for batch_id in plan.batches:
        train_batch(settings, plan, batch_id)
    return Trained(settings, plan, select(settings, plan))
