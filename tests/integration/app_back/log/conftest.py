"""Databases with their tables, on each kind of server."""

import pytest

from connections.settings import Settings
from readmission.storage.databases import initialise
from tests.integration.app_back.log.rows import quick


@pytest.fixture
def logging_settings(database_settings: Settings) -> Settings:
    """Settings of databases that are there, with a short wait for them."""
    initialise(database_settings)
    return quick(database_settings)
