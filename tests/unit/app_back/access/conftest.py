"""A service that asks for a key, with one of each role, a database, and no model."""

from collections.abc import Iterator

import httpx
import pytest

from app_back.main import create_app
from connections.api_keys import changing, made
from connections.settings import Settings
from readmission.storage.databases import initialise
from tests.unit.app_back.access.keys import KEYS
from tests.unit.app_back.test_error_shape import NOBODY_LISTENS, served


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a service with a key of each role."""
    made_here = Settings(
        state_dir=tmp_path_factory.mktemp("api"), mlflow_tracking_uri=NOBODY_LISTENS, other_hosts="ward.corp"
    )
    with changing(made_here.keys_file) as keys:
        keys += [made(f"of-{role}", role, key) for role, key in KEYS.items()]
    initialise(made_here)
    return made_here


@pytest.fixture(scope="module")
def http(settings: Settings) -> Iterator[httpx.Client]:
    """A service with keys, a database, and no model."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
            patch.setenv(name, "1")
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        yield from served(create_app(settings))
