"""Files of synthetic encounters, and databases that nothing was loaded into yet."""

from pathlib import Path

import pytest

from connections.settings import Settings
from readmission.storage.databases import initialise
from tests.conftest import SyntheticCsv
from tests.integration.raw.loaded import ROWS


@pytest.fixture(scope="session")
def encounters(synthetic_csv: SyntheticCsv) -> Path:
    return synthetic_csv(ROWS, 1)


@pytest.fixture(scope="session")
def others(synthetic_csv: SyntheticCsv) -> Path:
    return synthetic_csv(2_500, 2)


@pytest.fixture
def database(database_settings: Settings) -> Settings:
    initialise(database_settings)
    return database_settings
