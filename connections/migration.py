"""Migrates a program's tables once: under a lock, and marked in the database while it is under way.

What dies in the middle leaves the mark. MySQL and SQLite keep the half that was done, which no second try mends: the
next start refuses, and says what to bring back. Postgres takes a half back by itself, and of a database that was empty
nothing is lost: there it is done again.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from time import gmtime, strftime

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, insert, inspect, select, text

logger = logging.getLogger(__name__)

MARK = Table(
    "migration_under_way",
    MetaData(),
    Column("software", String(32), primary_key=True),
    Column("before", String(128), nullable=False),
    Column("wanted", String(128), nullable=False),
    Column("began", String(32), nullable=False),
)
NOTHING = "nothing"
_LOCK_SECONDS = 600


class MigrationError(Exception):
    """Why the tables are not migrated, in one line that says what to do."""


def bring_up_to_date(engine: Engine, software: str, scripts: Mapping[str, Path], migrate: Callable[[], None]) -> bool:
    """Has `migrate` called where the tables are older than `scripts`, and gives whether it was.

    `scripts` has the folder of Alembic's scripts by the table in which Alembic records how far they were run. Who else
    wants the same waits, and then finds it done.

    Raises:
        MigrationError: an earlier migration was broken off in the middle, or a newer release migrated the tables.
    """
    with _alone(engine):
        _look_at_the_mark(engine, software)
        wanted = {table: _head(folder) for table, folder in scripts.items()}
        there = {table: revision(engine, table) for table in scripts}
        if there == wanted:
            _take_away(engine)
            return False
        for table, folder in scripts.items():
            _require_known(software, there[table], folder)
        _put(engine, software, _listed(there) if _tables(engine) else NOTHING, _listed(wanted))
        migrate()
        _take_away(engine)
        return True


def revision(engine: Engine, table: str) -> str | None:
    """The revision that is recorded in one of Alembic's tables; None where nothing was migrated yet."""
    if not inspect(engine).has_table(table):
        return None
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT version_num FROM {table}")).scalar()


def _look_at_the_mark(engine: Engine, software: str) -> None:
    if not inspect(engine).has_table(MARK.name):
        return
    with engine.connect() as connection:
        mark = connection.execute(select(MARK)).first()
    if mark is None:
        return
    logger.warning("%s's migration of %s UTC to %s was broken off", software, mark.began, mark.wanted)
    if mark.before == NOTHING and engine.dialect.name != "postgresql":
        _empty(engine)
    elif engine.dialect.name != "postgresql":
        raise MigrationError(
            f"{software}'s tables are migrated by half: the migration from {mark.before} to {mark.wanted} of "
            f"{mark.began} UTC was broken off. Bring back the newest backup from before it: make restore "
            f"FILE=backups/NAME.tar FORCE=1 (docs/backup.md); who completed it by hand drops the table {MARK.name}"
        )


def _require_known(software: str, there: str | None, folder: Path) -> None:
    try:
        ScriptDirectory(str(folder)).get_revisions(there or "base")
    except CommandError:
        raise MigrationError(
            f"{software}'s tables are at revision {there}, which this release does not know: a newer one migrated "
            "them; start that release, or restore a backup that was made before it"
        ) from None


def _head(folder: Path) -> str | None:
    return ScriptDirectory(str(folder)).get_current_head()


def _put(engine: Engine, software: str, before: str, wanted: str) -> None:
    _take_away(engine)
    with engine.begin() as connection:
        MARK.create(connection)
        began = strftime("%Y-%m-%d %H:%M:%S", gmtime())
        connection.execute(insert(MARK).values(software=software, before=before, wanted=wanted, began=began))


def _take_away(engine: Engine) -> None:
    with engine.begin() as connection:
        MARK.drop(connection, checkfirst=True)


def _empty(engine: Engine) -> None:
    """Drops what a first migration left, so that it begins anew; there was nothing before it."""
    with engine.begin() as connection:
        if engine.dialect.name == "mysql":
            connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        for table in _tables(engine):
            connection.execute(text(f"DROP TABLE {engine.dialect.identifier_preparer.quote(table)}"))
        if engine.dialect.name == "mysql":
            connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))


def _tables(engine: Engine) -> list[str]:
    return [name for name in inspect(engine).get_table_names() if name != MARK.name]


def _listed(revisions: Mapping[str, str | None]) -> str:
    return ", ".join(each or NOTHING for each in revisions.values())


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Holds the database's lock for the block; it falls with the process."""
    if engine.dialect.name == "sqlite":
        with Path(f"{engine.url.database}-migration.lock").open("w") as file:
            flock(file, LOCK_EX)
            yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # it is closed after the block, and not kept with the lock for whoever wants one next
        _wait_for_lock(connection)
        yield


def _wait_for_lock(connection: Connection) -> None:
    name = f"migrations of {connection.engine.url.database}"[:64]
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": name})
        return
    wanted = {"name": name, "seconds": _LOCK_SECONDS}
    if connection.execute(text("SELECT GET_LOCK(:name, :seconds)"), wanted).scalar() != 1:
        raise MigrationError(f"another process migrates the tables, and has not ended for {_LOCK_SECONDS} s: try later")
