"""A service that answers, shared by the tests of a module."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from connections.settings import Settings
from tests.integration.app_back.registry import Registered, register
from tests.integration.app_back.servers import own_settings, running_api, wait_for


@dataclass(frozen=True)
class Api:
    """A running service, its settings and the version that it serves."""

    http: httpx.Client
    settings: Settings
    registered: Registered


@pytest.fixture(scope="module")
def api(stores: Settings, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Api]:
    """A service that answers with a version in production."""
    folder = tmp_path_factory.mktemp("api")
    settings = own_settings(stores, folder, request.module.__name__.rpartition(".")[2])
    registered = register(settings, folder / "files")
    with running_api(settings) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        yield Api(http, settings, registered)
