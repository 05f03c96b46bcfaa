"""The embedded platform comes back from its backup, without what was forgotten since, and only where it may."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from connections.mysql_connections import engine_for
from connections.settings import ENV_FILE, Settings, machine_environment
from connections.tables import predictions
from readmission.clock import now
from readmission.keeping.forgetting import forget
from readmission.local.backup import Asked, NotSavedError, restore, save
from readmission.local.platform import Platform
from readmission.local.service import Folders
from readmission.storage.databases import initialise
from tests.integration.local.small import silent, small

SECRETS = ("forget_key", "airflow_fernet_key", "model_signing_key", "database_url")
PHRASE = "four words of a ward"


@pytest.fixture
def settings(tmp_path: Path, private_settings: Callable[[Path], Settings]) -> Iterator[Settings]:
    """A platform that ran once: predictions, an account, a model's file, a key and a row that waits."""
    before = os.umask(0o077)
    made = private_settings(tmp_path / "one")
    initialise(made)
    add(made, "kept", "one")
    add(made, "gone", "two")
    state = made.state_dir
    for name, text in (
        ("mlflow/artifacts/1/model.onnx", "a model"),
        ("keys/keys.json", "[]"),
        ("serving/journal/a.rows", "waits"),
        ("serving/model/last_good.zip", "first"),
        ("registry/first_start.txt", "was"),
    ):
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        (state / name).write_text(text, encoding="utf-8")
    for name in ("mlflow/mlflow.db", "mlflow/accounts.db", "airflow/airflow.db"):
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(state / name)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"CREATE TABLE t AS SELECT '{name}' AS name")
            connection.commit()
    yield made
    os.umask(before)


def add(settings: Settings, prediction_id: str, ref: str) -> None:
    row = {"inputs": {}, "prediction": 1, "probability": 0.5, "threshold": 0.1, "model_name": "m", "model_version": "1"}
    row |= {"dataset": "real", "encounter_ref": ref, "created_at": now(), "prediction_id": prediction_id}
    with engine_for(settings, "RAW_DATA").begin() as connection:
        connection.execute(insert(predictions), [row])


def there(settings: Settings) -> set[str]:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return set(connection.execute(select(predictions.c.prediction_id)).scalars())


@contextmanager
def small_platform(settings: Settings) -> Iterator[None]:
    """A service that runs in the state folder, for the block."""
    platform = Platform(settings, (small(Folders.of(settings)),))
    platform.up(silent)
    try:
        yield
    finally:
        platform.down()


def test_it_comes_back_in_an_empty_state_folder(settings: Settings, tmp_path: Path) -> None:
    path = save(settings, tmp_path / "backups", PHRASE)
    assert b"a model" not in path.read_bytes()
    fresh = settings.model_copy(update={"state_dir": tmp_path / "two/var"})
    restore(fresh, path, PHRASE, Asked())
    assert there(fresh) == {"kept", "gone"}
    files = ("mlflow/artifacts/1/model.onnx", "keys/keys.json", "serving/journal/a.rows", "serving/model/last_good.zip")
    assert [(fresh.state_dir / name).read_text() for name in files] == ["a model", "[]", "waits", "first"]
    for name in ("mlflow/mlflow.db", "mlflow/accounts.db", "airflow/airflow.db"):
        with closing(sqlite3.connect(fresh.state_dir / name)) as connection:
            assert connection.execute("SELECT name FROM t").fetchall() == [(name,)]
    assert [path for path in fresh.state_dir.rglob("*") if path.is_file() and path.stat().st_mode & 0o077] == []


def test_what_was_forgotten_since_does_not_come_back_and_what_waits_stays(settings: Settings, tmp_path: Path) -> None:
    path = save(settings, tmp_path / "backups")
    assert path.stat().st_mode & 0o777 == 0o600
    forget(settings, "encounter_ref", "two")
    add(settings, "after", "three")
    (settings.state_dir / "serving/journal/b.rows").write_text("waits too", encoding="utf-8")
    (settings.state_dir / "serving/model/last_good.zip").write_text("later", encoding="utf-8")
    (settings.state_dir / "mlflow/artifacts/2").write_text("later", encoding="utf-8")
    with small_platform(settings), pytest.raises(NotSavedError, match="the services run: `make down` first"):
        restore(settings, path, None, Asked(force=True))
    with pytest.raises(NotSavedError, match="has data: FORCE=1 replaces all of it"):
        restore(settings, path, None, Asked())
    assert there(settings) == {"kept", "after"}
    done = subprocess.run(  # a process that used the file of before would not use another
        (sys.executable, "-m", "readmission.local", "restore", str(path), "--force"),
        env=machine_environment() | settings.as_environment(*SECRETS),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "is back" in done.stdout, done.stderr
    with closing(sqlite3.connect(settings.state_dir / "databases/RAW_DATA.db")) as connection:
        assert connection.execute("SELECT prediction_id FROM predictions").fetchall() == [("kept",)]
    assert (settings.state_dir / "serving/journal/b.rows").read_text() == "waits too"
    assert (settings.state_dir / "serving/model/last_good.zip").read_text() == "first"
    assert not (settings.state_dir / "mlflow/artifacts/2").exists()


def test_nothing_changes_where_the_file_does_not_open(settings: Settings, tmp_path: Path) -> None:
    path = save(settings, tmp_path / "backups", PHRASE)
    with pytest.raises(NotSavedError, match="the passphrase is not the one"):
        restore(settings, path, "five words of a ward", Asked(force=True))
    path.write_bytes(path.read_bytes()[:-20_000])
    with pytest.raises(NotSavedError, match="nothing was changed"):
        restore(settings, path, PHRASE, Asked(force=True))
    assert there(settings) == {"kept", "gone"}


def test_a_new_machine_takes_the_secrets_of_a_sealed_backup(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private_settings: Callable[[Path], Settings]
) -> None:
    path = save(settings, tmp_path / "backups", PHRASE)
    env = tmp_path / ".env"
    env.write_text("FORGET_KEY=another\n", encoding="utf-8")
    monkeypatch.setenv(ENV_FILE, str(env))
    other = private_settings(tmp_path / "two")
    with pytest.raises(NotSavedError, match="FORGET_KEY: what was deleted for good"):
        restore(other, path, PHRASE, Asked())
    assert not (other.state_dir / "databases").exists()
    restore(other, path, PHRASE, Asked(secrets="backup"))
    assert f"FORGET_KEY={settings.forget_key.get_secret_value()}\n" in env.read_text(encoding="utf-8")
    assert there(other) == {"kept", "gone"}


def test_databases_on_a_server_are_saved_where_they_run(settings: Settings, tmp_path: Path) -> None:
    server = settings.model_copy(update={"database_url": type(settings.forget_key)("mysql+pymysql://a:b@c:1")})
    with pytest.raises(NotSavedError, match="DATABASE_URL names a server"):
        save(server, tmp_path)
