"""A start over the data of an older release saves it first, and refuses what an upgrade left half done."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from connections.mysql_connections import engine_for
from connections.schema_heads import HEADS
from connections.settings import Settings
from readmission.local import upgrade
from readmission.local.backup import NotSavedError
from readmission.local.service import Folders
from readmission.storage.databases import initialise, migration_config
from tests.conftest import ROOT

MARK = "CREATE TABLE migration_under_way AS SELECT 'MLflow' software, '{}' before, 'b' wanted, '{}' began"

# Takes MLflow's last migration back, and brings its tables up to date.
OLDER = """
import sys
from alembic import command
from mlflow.store.db import utils
from sqlalchemy import create_engine
from migrate import migrate
engine, config = create_engine(sys.argv[1]), utils._get_alembic_config(sys.argv[1])
with engine.begin() as connection:
    config.attributes["connection"] = connection
    command.downgrade(config, "-1")
print(utils._get_schema_version(engine))
migrate(sys.argv[1])
"""


@pytest.fixture
def old(tmp_path: Path, private_settings: Callable[[Path], Settings]) -> Iterator[Settings]:
    """A state folder whose RAW_DATA is a migration behind."""
    made = private_settings(tmp_path / "one").model_copy(update={"backups": tmp_path / "backups"})
    initialise(made)
    with engine_for(made, "RAW_DATA").connect() as connection:
        command.downgrade(migration_config(connection, "RAW_DATA"), "raw_0003")
        connection.commit()
    yield made
    engine_for(made, "RAW_DATA").dispose()


def execute(file: Path, statement: str) -> list[tuple[str, ...]]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(statement).fetchall()
        connection.commit()
        return rows


def backups(settings: Settings) -> list[Path]:
    return sorted(settings.backups.glob("*.tar"))


def test_it_is_saved_and_then_migrated_and_that_once(old: Settings) -> None:
    said: list[str] = []
    upgrade.prepare(old, said.append)
    raw = old.state_dir / "databases/RAW_DATA.db"
    assert execute(raw, "SELECT version_num FROM alembic_version") == [(HEADS["RAW_DATA.alembic_version"],)]
    (saved,) = backups(old)
    assert said == [
        f"RAW_DATA is at revision raw_0003, and this release has raw_0005: all of it was saved first, in {saved}"
    ]
    upgrade.prepare(old, said.append)
    assert len(said) == 1 == len(backups(old))


def test_nothing_is_migrated_where_nothing_can_be_saved(old: Settings) -> None:
    old.backups.write_text("a file in the folder's place", encoding="utf-8")
    with pytest.raises(NotSavedError, match="nothing was saved"):
        upgrade.prepare(old, pytest.fail)
    raw = old.state_dir / "databases/RAW_DATA.db"
    assert execute(raw, "SELECT version_num FROM alembic_version") == [("raw_0003",)]


def test_what_was_broken_off_names_the_backup_from_before_it(old: Settings) -> None:
    mlflow = old.state_dir / "mlflow/mlflow.db"
    execute(mlflow, MARK.format("a", "2026-11-27 14:02:00"))
    with pytest.raises(upgrade.HalfUpgradedError, match=r"mlflow is half-migrated: .* \(there is none in .*backups\)"):
        upgrade.prepare(old, pytest.fail)
    old.backups.mkdir()
    for moment in ("20261126T023000Z", "20261127T140200Z", "20261127T140201Z"):
        (old.backups / f"readmission-embedded-{moment}.tar").touch()
    with pytest.raises(upgrade.HalfUpgradedError, match=r"make restore FILE=.*T140200Z.tar FORCE=1") as refused:
        upgrade.prepare(old, pytest.fail)
    assert str(refused.value).startswith("MLflow's upgrade of 2026-11-27 14:02:00 UTC was broken off")
    execute(mlflow, "UPDATE migration_under_way SET before = 'nothing'")  # its first, which it does again by itself
    upgrade.prepare(old, list[str]().append)


def test_mlflow_brings_an_older_releases_tables_to_its_own(stores: Settings, tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    execute(Folders.of(stores).of_service("mlflow") / "mlflow.db", f"VACUUM INTO '{file}'")
    command = (sys.executable, "-c", OLDER, f"sqlite:///{file}")
    done = subprocess.run(command, cwd=ROOT / "mlflow", capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() not in ("", "None", HEADS["mlflow.alembic_version"])
    assert execute(file, "SELECT version_num FROM alembic_version") == [(HEADS["mlflow.alembic_version"],)]
    assert execute(file, "SELECT name FROM sqlite_master WHERE name LIKE 'migration%'") == []
