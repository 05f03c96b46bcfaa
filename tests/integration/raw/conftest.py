"""Files of synthetic encounters, and databases that nothing was loaded into yet."""

from pathlib import Path

import pytest

from connections.settings import Settings
from readmission import synthetic
from readmission.storage.databases import initialise
from tests.integration.raw.loaded import ROWS


@pytest.fixture(scope="session")
def encounters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("csv") / "encounters.csv"
    synthetic.write(path, ROWS, seed=1)
    return path


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("csv") / "others.csv"
    synthetic.write(path, 2_500, seed=2)
    return path


@pytest.fixture
def database(database_settings: Settings) -> Settings:
    initialise(database_settings)
    return database_settings
