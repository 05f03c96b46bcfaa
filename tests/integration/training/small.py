"""A small prepared set of one or two batches, for tests that break trainings."""

from pathlib import Path

from connections.settings import Settings
from readmission import synthetic
from readmission.clean import prepare
from readmission.params import ForestParams, PrepareParams
from readmission.raw import ingest
from readmission.storage.databases import initialise
from tests.integration.pipeline import own_pipeline

FOREST = ForestParams(n_estimators=30)
PREPARED = PrepareParams(batch_size=900, train_percent=60, val_percent=30, test_percent=10)


def small(stores: Settings, folder: Path, name: str) -> Settings:
    """Settings of a prepared set of 2,400 synthetic encounters in two batches."""
    settings = own_pipeline(stores, folder, name)
    initialise(settings)
    synthetic.write(settings.dataset_path, 2_400, seed=1)
    ingest.load(settings)
    prepare.prepare(settings, PREPARED)
    return settings
