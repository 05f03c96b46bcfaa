"""A browser on the form, with the real service and a model out of a real registry behind it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from connections.settings import Settings
from readmission.local import serving
from tests.chromium import chromium, empty_page, visitor
from tests.form_login import open_form, password
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.servers import running
from tests.integration.app_front.entries import form_api


@pytest.fixture(scope="module")
def api(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with form_api(stores, tmp_path_factory.mktemp("browser"), "browser") as running_service:
        yield running_service


@pytest.fixture(scope="module")
def somebody() -> Iterator[BrowserContext]:
    """Each of whose pages is a session of its own; Streamlit's scripts are fetched and compiled once for all."""
    with chromium() as browser:
        yield visitor(browser)


@pytest.fixture(scope="module")
def address(api: Api) -> Iterator[str]:
    with running(serving.form(api.settings), api.settings):
        yield api.settings.url("form")


@pytest.fixture
def page(api: Api, somebody: BrowserContext, address: str) -> Iterator[Page]:
    opened = empty_page(somebody)
    open_form(opened, address, password(api.settings))
    yield opened
    opened.close()
