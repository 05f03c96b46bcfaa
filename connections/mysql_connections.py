"""Connections to `RAW_DATA` and `CLEAN_DATA`: MySQL, or SQLite files of the same names when embedded."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Literal

from sqlalchemy import URL, Engine, create_engine, inspect, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from connections import sqlite_files
from connections.settings import Settings

DatabaseName = Literal["RAW_DATA", "CLEAN_DATA"]
DATABASES: tuple[DatabaseName, ...] = ("RAW_DATA", "CLEAN_DATA")


class LockTakenError(RuntimeError):
    """Somebody else holds the named lock."""


def engine_for(settings: Settings, database: DatabaseName) -> Engine:
    """The process's pooled engine for one of the two databases; its errors quote no values, which are patients'."""
    return _engine(settings.database_server, database)


@lru_cache
def _engine(server: str, database: DatabaseName) -> Engine:
    url = make_url(server)
    if url.get_backend_name() == "sqlite":
        return sqlite_files.engine_of(_sqlite_file(url, database))
    return create_engine(
        url.set(database=database, query={"charset": "utf8mb4"}),
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={"local_infile": True, "connect_timeout": 10, "init_command": "SET time_zone = '+00:00'"},
    )


def sqlite_file(settings: Settings, database: DatabaseName) -> sqlite_files.WatchedFile | None:
    """The process's watch on a database's file, or None where the databases are on a server."""
    url = make_url(settings.database_server)
    return sqlite_files.watched(_sqlite_file(url, database)) if url.get_backend_name() == "sqlite" else None


def _sqlite_file(url: URL, database: str) -> Path:
    return Path(str(url.database)) / f"{database}.db"


def place_of(settings: Settings) -> str:
    """Where the databases are, without the password."""
    return make_url(settings.database_server).render_as_string(hide_password=True)


def is_sqlite(engine: Engine) -> bool:
    """Whether the engine is on SQLite files."""
    return engine.dialect.name == "sqlite"


def has_table(engine: Engine, name: str) -> bool:
    """Whether the database is there and has the table."""
    there = not is_sqlite(engine) or Path(str(engine.url.database)).is_file()
    return there and inspect(engine).has_table(name)


def create_databases(settings: Settings) -> None:
    """Creates `RAW_DATA` and `CLEAN_DATA` where they are missing; nothing else makes a SQLite file."""
    url = make_url(settings.database_server)
    if url.get_backend_name() == "sqlite":
        for database in DATABASES:
            sqlite_files.create(_sqlite_file(url, database))
        return
    server = create_engine(url.set(database=""))
    with server.connect() as connection:
        existing = {row[0] for row in connection.execute(text("SHOW DATABASES"))}
        for database in DATABASES:
            if database not in existing:
                connection.execute(text(f"CREATE DATABASE IF NOT EXISTS `{database}` CHARACTER SET utf8mb4"))
    server.dispose()


@contextmanager
def database_lock(engine: Engine, name: str, timeout_seconds: int = 60) -> Iterator[None]:
    """Holds a named lock for the block; it falls with the connection if the process dies.

    `GET_LOCK` on MySQL, `BEGIN IMMEDIATE` on a lock file of its own on SQLite.

    Raises:
        LockTakenError: the lock was not free within `timeout_seconds`.
    """
    take = _sqlite_lock if is_sqlite(engine) else _mysql_lock
    with take(engine, name, timeout_seconds):
        yield


@contextmanager
def _mysql_lock(engine: Engine, name: str, timeout_seconds: int) -> Iterator[None]:
    with engine.connect() as connection:
        taken = connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": name, "wait": timeout_seconds})
        if taken.scalar() != 1:
            raise _taken(name, timeout_seconds)
        try:
            yield
        finally:
            # A connection that is gone took the lock with it; what was done under the lock stays done.
            with suppress(DBAPIError):
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})


@contextmanager
def _sqlite_lock(engine: Engine, name: str, timeout_seconds: int) -> Iterator[None]:
    with sqlite_files.lock_file(Path(str(engine.url.database)), name, timeout_seconds) as connection:
        if connection is not None:
            _begin_immediate(connection, name, timeout_seconds)
        yield


def _begin_immediate(connection: Connection, name: str, timeout_seconds: int) -> None:
    from sqlalchemy.exc import OperationalError

    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        # A full disk fails here too, since the lock's empty file is written to; that is not somebody else's lock.
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
            raise
        raise _taken(name, timeout_seconds) from error


def _taken(name: str, timeout_seconds: int) -> LockTakenError:
    return LockTakenError(f"the lock {name!r} was not free within {timeout_seconds} s: another run holds it; try later")
