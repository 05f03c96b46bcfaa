"""A database file that is moved, replaced or damaged under the service: noticed, told, and nothing is made instead."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from connections.mysql_connections import DATABASES, engine_for
from connections.settings import Settings
from readmission.storage.databases import initialise
from tests.integration.app_back.registry import register
from tests.integration.app_back.servers import api_log, own_settings, running_api, wait_for

CURE = "while this process used it; put back what was there, or restart this process to go on with what is there now"


def of_its_own(stores: Settings, folder: Path, name: str) -> Settings:
    """Settings with databases that this process, which made them, has let go of: the service alone uses them."""
    settings = own_settings(stores, folder, name)
    for database in DATABASES:
        engine_for(settings, database).dispose()
    return settings


def init_elsewhere(settings: Settings) -> None:
    """Runs `readmission init`."""
    environment = {"PATH": os.environ["PATH"], **settings.as_environment()}
    subprocess.run([sys.executable, "-m", "readmission.cli", "init"], env=environment, check=True)


def rows(file: Path) -> int:
    """How many predictions a database file holds."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM predictions").fetchone()[0])


def refused(http: httpx.Client, *reasons: str) -> None:
    """Checks that the journal takes what is answered, and that the list says why: one of the reasons."""
    answer = http.post("/predict", json={})
    assert (answer.status_code, answer.json()["logged"]) == (200, "journal")
    assert http.get("/health/ready").status_code == 200
    listed = http.get("/predictions")
    assert listed.status_code == 503, listed.text
    said = listed.json()["error"]["message"]
    assert any(f"the database file RAW_DATA.db {reason} {CURE}" in said for reason in reasons), said


def answered(http: httpx.Client) -> None:
    wait_for(lambda: http.post("/predict", json={}).json()["logged"] == "database", 20)
    wait_for(lambda: http.get("/predictions").json()["waiting"] == 0, 20)
    assert http.get("/health/ready").status_code == 200


@pytest.fixture(scope="module")
def other(private_other: Settings) -> Path:
    """Another platform's database, with its tables and no prediction."""
    return private_other.state_dir / "databases" / "RAW_DATA.db"


@pytest.fixture(scope="module")
def private_other(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = stores.model_copy(update={"state_dir": tmp_path_factory.mktemp("other") / "var"})
    initialise(settings)
    return settings


def test_a_file_that_is_not_the_one_is_noticed(stores: Settings, tmp_path: Path, other: Path) -> None:
    settings = of_its_own(stores, tmp_path, "fichero")
    register(settings, tmp_path / "files")
    folder = settings.state_dir / "databases"
    file, aside = folder / "RAW_DATA.db", tmp_path / "aside"
    with running_api(settings) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        answered(http)

        folder.rename(aside)
        refused(http, "was moved or removed")
        assert not folder.exists()
        aside.rename(folder)
        answered(http)

        file.rename(aside)
        refused(http, "was moved or removed")
        assert not file.exists()
        # Its log and the log's index belong to it: beside another database they would be taken for that one's.
        logs = [(path, tmp_path / path.name) for path in folder.glob("RAW_DATA.db-*")]
        for log, there in logs:
            log.rename(there)
        shutil.copy(other, file)
        refused(http, "was replaced by another file")
        init_elsewhere(settings)
        refused(http, "was replaced by another file")
        assert rows(file) == 0
        for path in folder.glob("RAW_DATA.db*"):
            path.unlink()
        for log, there in logs:
            there.rename(log)
        aside.rename(file)
        answered(http)

        kept = file.read_bytes()
        file.write_bytes(b"")
        refused(http, "was cut short or overwritten", "was overwritten with another database")
        file.write_bytes(other.read_bytes())
        refused(http, "was overwritten with another database")
        file.write_bytes(kept)
    assert "Traceback" not in api_log(settings)


def test_a_log_that_is_removed_is_noticed_and_loses_nothing(stores: Settings, tmp_path: Path) -> None:
    settings = of_its_own(stores, tmp_path, "diario")
    register(settings, tmp_path / "files")
    file = settings.state_dir / "databases" / "RAW_DATA.db"
    with running_api(settings) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        for _ in range(3):
            answered(http)
        file.with_name("RAW_DATA.db-wal").unlink()
        assert http.post("/predict", json={}).json()["logged"] == "journal"
        assert "RAW_DATA.db lost its log, the file beside it that ends in -wal" in api_log(settings)
        wait_for(lambda: len(http.get("/predictions").json()["predictions"]) == 4)
        answered(http)


def test_a_service_before_its_database_makes_none(stores: Settings, tmp_path: Path) -> None:
    settings = of_its_own(stores, tmp_path, "temprano")
    shutil.rmtree(settings.state_dir / "databases")
    with running_api(settings) as http:
        answer = http.get("/predictions")
        assert answer.status_code == 503
        assert "there is no database file RAW_DATA.db: run the DAG crear_bases" in answer.json()["error"]["message"]
        assert not (settings.state_dir / "databases").exists()
        init_elsewhere(settings)
        wait_for(lambda: http.get("/health").status_code == 200)
