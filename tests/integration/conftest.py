"""Databases for tests: SQLite always, and the MySQL server that TEST_DATABASE_URL names, which is wiped."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text

from connections.mysql_connections import DATABASES, engine_for
from connections.settings import Settings
from tests.integration.pipeline import Trained, filled, own_pipeline, train

TEST_SERVER = os.environ.get("TEST_DATABASE_URL", "")
MARK = "readmission_tests"
MYSQL = pytest.param("mysql", marks=pytest.mark.mysql)
SERVERS = ("sqlite", MYSQL)


@pytest.fixture(params=SERVERS)
def database_settings(
    request: pytest.FixtureRequest, private_settings: Callable[[Path], Settings], tmp_path: Path
) -> Iterator[Settings]:
    """Settings whose two databases do not exist yet, on each kind of server."""
    settings = private_settings(tmp_path)
    if request.param == "mysql":
        wipe(TEST_SERVER)
        settings = settings.model_copy(update={"database_url": SecretStr(TEST_SERVER)})
    yield settings
    for database in DATABASES:
        engine_for(settings, database).dispose()


def on_server(statement: str) -> list[Any]:
    """Runs a statement on the test server, outside the two databases."""
    engine = create_engine(make_url(TEST_SERVER).set(database=""))
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        rows = list(result) if result.returns_rows else []
    engine.dispose()
    return rows


def wipe(server: str) -> None:
    """Drops the platform's databases; refuses on a server where tests did not make them."""
    existing = {row[0] for row in on_server("SHOW DATABASES")}
    if MARK not in existing and on_server(
        "SELECT 1 FROM information_schema.tables WHERE table_schema IN ('RAW_DATA', 'CLEAN_DATA')"
    ):
        pytest.fail(f"{make_url(server).host} holds tables that tests did not make; name an empty server")
    on_server(f"CREATE DATABASE IF NOT EXISTS {MARK}")
    for database in DATABASES:
        on_server(f"DROP DATABASE IF EXISTS {database}")


@pytest.fixture(scope="session")
def trained(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training on synthetic data that ended well, shared by the tests that only read it."""
    return train(filled(own_pipeline(stores, tmp_path_factory.mktemp("trained"), "trained")))
