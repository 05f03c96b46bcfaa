"""A volume of MySQL that the release of before made gets the accounts of today, with their rights and passwords."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command

from benchmarks.stores import docker_answers
from connections.mysql_connections import DATABASES, DatabaseName, engine_for
from connections.settings import Settings
from readmission import synthetic
from readmission.raw import ingest
from readmission.storage.databases import initialise, migration_config
from scripts.env_file import filled
from tests.conftest import ROOT
from tests.e2e.stack import Stack
from tests.free_ports import free_port
from tests.integration.mysql_accounts import ACCOUNTS, Accounts
from tests.integration.storage.test_accounts import PREDICTIONS

pytestmark = [pytest.mark.mysql, pytest.mark.skipif(not docker_answers(), reason="no Docker engine answers")]

FORMER = ROOT / "tests/integration/storage/former/compose.yml"
BEFORE: dict[DatabaseName, str] = {"RAW_DATA": "raw_0003", "CLEAN_DATA": "clean_0002"}
PROJECT = "readmission-former-volume"
A_PREDICTION = (
    f"INSERT INTO {PREDICTIONS} (prediction_id, created_at, inputs, prediction, probability, threshold, model_name, "
    "model_version, dataset) VALUES ('kept', UTC_TIMESTAMP(6), '{}', 1, 0.5, 0.1, 'm', '1', 'real')"
)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    env, data = tmp_path / "env", tmp_path / "data"
    data.mkdir()
    own = {"COMPOSE_PROJECT_NAME": PROJECT, "DATASET_DIR": str(data), "MYSQL_PORT": str(free_port())}
    example = filled((ROOT / ".env.example").read_text(encoding="utf-8"))
    env.write_text(example + "".join(f"{name}={value}\n" for name, value in own.items()), encoding="utf-8")
    stack = Stack(PROJECT, env, data)
    yield stack
    stack.compose("down", "--volumes", "--timeout", "1")


def accounts_of(stack: Stack, settings: Settings) -> Accounts:
    server = stack.address("mysql", 3306).removeprefix("http://")
    passwords = {account: stack.mysql_password(account) for account in ACCOUNTS}
    return Accounts(settings, passwords, f"mysql+pymysql://{server}")


def test_it_gets_todays_accounts_and_rights_and_keeps_its_rows(
    stack: Stack, private_settings: Callable[[Path], Settings], tmp_path: Path
) -> None:
    synthetic.write(tmp_path / "one.csv", 1_000, seed=1)
    stack.compose("--file", str(FORMER), "up", "--detach", "--wait", "mysql")
    accounts = accounts_of(stack, private_settings(tmp_path))
    for database, revision in BEFORE.items():
        with engine_for(accounts.of("pipeline"), database).connect() as connection:
            command.upgrade(migration_config(connection, database), revision)
            connection.commit()
    ingest.load(accounts.of("pipeline"), tmp_path / "one.csv")
    accounts.run("api", A_PREDICTION)
    assert accounts.refused("owner", "SELECT 1") == accounts.refused("keeper", "SELECT 1") == 1045
    assert accounts.run("pipeline", f"SELECT prediction_id FROM {PREDICTIONS}") == [("kept",)]

    stack.set("MYSQL_API_PASSWORD", "another")
    stack.compose("up", "--detach", "--wait", "mysql")
    for database in DATABASES:
        engine_for(accounts.of("pipeline"), database).dispose()
    assert accounts.refused("api", "SELECT 1") == 1045, "a password that was replaced"
    accounts = accounts_of(stack, private_settings(tmp_path))
    initialise(accounts.of("owner"), grants=True)
    assert accounts.run("api", f"SELECT prediction_id FROM {PREDICTIONS}") == [("kept",)]
    for statement in (
        f"SELECT 1 FROM {PREDICTIONS}",
        f"DROP TABLE {PREDICTIONS}",
        "CREATE TABLE RAW_DATA.more (a INT)",
    ):
        assert accounts.refused("pipeline", statement) == 1142
    assert ingest.load(accounts.of("pipeline"), tmp_path / "one.csv").outcome == "unchanged"
    assert ingest.load(accounts.of("pipeline"), tmp_path / "one.csv", force=True).rows == 1_000
    assert accounts.run("keeper", f"DELETE FROM {PREDICTIONS} WHERE prediction_id = 'kept'") == []
    assert accounts.refused("owner", "SELECT * FROM mysql.user") == 1142
