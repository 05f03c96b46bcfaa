"""A program's tables are migrated once, and what was broken off in the middle is not taken for whole."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from connections.migration import MARK, MigrationError, bring_up_to_date
from connections.schema_heads import HEADS, behind
from readmission.storage.databases import MIGRATIONS
from tests.conftest import ROOT
from tests.integration.conftest import SERVERS, TEST_SERVER, on_server

SCRIPT = 'revision = "{0}"\ndown_revision = {1!r}\n'
# Makes one table of two, and is killed.
DIES = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import create_engine, text
from connections.migration import bring_up_to_date
engine = create_engine(sys.argv[1])
def half():
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE half (a INTEGER)"))
    os.kill(os.getpid(), signal.SIGKILL)
bring_up_to_date(engine, "MLflow", {"alembic_version": Path(sys.argv[2])}, half)
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """Alembic's folder of a program with two migrations."""
    versions = tmp_path / "scripts/versions"
    versions.mkdir(parents=True)
    (versions / "1.py").write_text(SCRIPT.format("one", None), encoding="utf-8")
    (versions / "2.py").write_text(SCRIPT.format("two", "one"), encoding="utf-8")
    return versions.parent


@pytest.fixture(params=SERVERS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without a table, on each kind of server."""
    url = make_url(f"sqlite:///{tmp_path / 'program.db'}")
    if request.param == "mysql":
        on_server("DROP DATABASE IF EXISTS readmission_tests_program")
        on_server("CREATE DATABASE readmission_tests_program")
        url = make_url(TEST_SERVER).set(database="readmission_tests_program")
    made = create_engine(url)
    yield made
    made.dispose()


def put(engine: Engine, revision: str) -> None:
    """Makes the database one of the program's at a revision."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def die_in_the_middle(engine: Engine, scripts: Path) -> None:
    url = engine.url.render_as_string(hide_password=False)
    died = subprocess.run((sys.executable, "-c", DIES, url, str(scripts)), check=False, cwd=ROOT)
    assert died.returncode == -9
    assert inspect(engine).has_table("half") and inspect(engine).has_table(MARK.name)


def test_what_was_broken_off_is_refused_with_what_brings_it_back(engine: Engine, scripts: Path) -> None:
    put(engine, "one")
    die_in_the_middle(engine, scripts)
    told = (
        r"MLflow's tables are migrated by half: the migration from one to two of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC "
        r"was broken off. Bring back the newest backup from before it: make restore FILE=backups/NAME.tar FORCE=1"
    )
    for _ in range(2):
        with pytest.raises(MigrationError, match=told):
            bring_up_to_date(engine, "MLflow", {"alembic_version": scripts}, lambda: pytest.fail("migrated"))
    with engine.begin() as connection:
        MARK.drop(connection)  # as who completed it by hand
    assert bring_up_to_date(engine, "MLflow", {"alembic_version": scripts}, lambda: put(engine, "two"))
    assert not inspect(engine).has_table(MARK.name)
    assert not bring_up_to_date(engine, "MLflow", {"alembic_version": scripts}, lambda: pytest.fail("migrated"))


def test_a_first_migration_that_was_broken_off_begins_anew(engine: Engine, scripts: Path) -> None:
    die_in_the_middle(engine, scripts)
    there: list[list[str]] = []

    def migrate() -> None:
        there.append([name for name in inspect(engine).get_table_names() if name != MARK.name])
        put(engine, "two")

    assert bring_up_to_date(engine, "MLflow", {"alembic_version": scripts}, migrate)
    assert there == [[]]
    assert inspect(engine).get_table_names() == ["alembic_version"]


def test_of_two_that_start_at_once_one_migrates(engine: Engine, scripts: Path) -> None:
    put(engine, "one")
    both, did = Barrier(2), list[bool]()

    def start() -> None:
        both.wait()
        did.append(bring_up_to_date(engine, "MLflow", {"alembic_version": scripts}, lambda: put(engine, "two")))

    threads = [Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(did) == [False, True]


def test_tables_of_a_newer_release_are_left_alone(engine: Engine, scripts: Path) -> None:
    put(engine, "three")
    with pytest.raises(MigrationError, match="at revision three, which this release does not know: a newer one"):
        bring_up_to_date(engine, "MLflow", {"alembic_version": scripts}, lambda: pytest.fail("migrated"))
    assert not inspect(engine).has_table(MARK.name)


def test_what_make_knows_of_the_revisions_is_what_the_programs_bring() -> None:
    import airflow
    import mlflow

    of_airflow, of_mlflow = Path(airflow.__file__).parent, Path(str(mlflow.__file__)).parent
    folders = {
        "mlflow.alembic_version": of_mlflow / "store/db_migrations",
        "airflow.alembic_version": of_airflow / "migrations",
        "airflow.alembic_version_fab": of_airflow / "providers/fab/migrations",
    }
    found = {place: ScriptDirectory(str(folder)).get_current_head() for place, folder in folders.items()}
    for database in ("RAW_DATA", "CLEAN_DATA"):
        ours = ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS / database.lower())])
        found[f"{database}.alembic_version"] = ours.get_current_head()
    assert found == HEADS


def test_only_what_has_tables_of_another_release_is_behind() -> None:
    assert behind({}) == [] == behind(HEADS)
    assert behind({**HEADS, "mlflow.alembic_version": "old"}) == [
        f"mlflow is at revision old, and this release has {HEADS['mlflow.alembic_version']}"
    ]
