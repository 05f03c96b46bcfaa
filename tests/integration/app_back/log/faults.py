"""What keeps a real database from taking a row, for the length of a block."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pymysql
from pydantic import SecretStr
from sqlalchemy import make_url, text

from connections.mysql_connections import engine_for
from connections.settings import Settings
from tests.free_ports import free_port
from tests.relay import relay


def database_file(settings: Settings) -> Path:
    return settings.state_dir / "databases" / "RAW_DATA.db"


@contextmanager
def locked_file(settings: Settings) -> Iterator[None]:
    """Another process writes, and does not end."""
    with closing(sqlite3.connect(database_file(settings), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def moved_file(settings: Settings) -> Iterator[None]:
    """Somebody moved the folder of the database."""
    folder = database_file(settings).parent
    folder.rename(folder.with_name("aside"))
    yield
    folder.with_name("aside").rename(folder)


@contextmanager
def no_table(settings: Settings) -> Iterator[None]:
    """Somebody renamed the table."""
    engine = engine_for(settings, "RAW_DATA")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE predictions RENAME TO elsewhere"))
    yield
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO predictions"))


def narrow(settings: Settings) -> None:
    """Has SQLite refuse a name that is too long, as MySQL does."""
    with engine_for(settings, "RAW_DATA").begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER narrow BEFORE INSERT ON predictions WHEN length(NEW.model_name) > 128 "
            "BEGIN SELECT RAISE(ABORT, 'too long'); END"
        )


@contextmanager
def another_session(settings: Settings) -> Iterator["pymysql.Connection[pymysql.cursors.Cursor]"]:
    """A connection of somebody else's, past any relay."""
    url = make_url(settings.database_server)
    with closing(
        pymysql.connect(host=url.host, port=url.port or 3306, user=url.username, password=url.password or "")
    ) as other:
        yield other


@contextmanager
def locked_table(settings: Settings) -> Iterator[None]:
    """Somebody locks the table and does not let go."""
    with another_session(settings) as other:
        other.query("LOCK TABLES RAW_DATA.predictions WRITE")
        yield
        other.query("UNLOCK TABLES")


@contextmanager
def read_only(settings: Settings) -> Iterator[None]:
    """The server is made read-only, as a replica is or the old source of a failover."""
    with another_session(settings) as other:
        other.query("SET GLOBAL super_read_only=1")
        try:
            yield
        finally:
            other.query("SET GLOBAL super_read_only=0, GLOBAL read_only=0")


class Way:
    """The way to a MySQL server, which can be cut and clogged."""

    def __init__(self, settings: Settings) -> None:
        self._port = free_port()
        self._url = make_url(settings.database_server)
        self._flows = Event()
        self._flows.set()
        there = self._url.set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)
        self.settings = settings.model_copy(update={"database_url": SecretStr(there)})

    @contextmanager
    def open(self) -> Iterator[None]:
        """For the length of the block."""
        with relay(self._port, self._url.port or 3306, self._flows):
            yield

    @contextmanager
    def clogged(self) -> Iterator[None]:
        """What is sent stays on the way for the length of the block, and arrives then."""
        self._flows.clear()
        yield
        self._flows.set()
