"""A disk that fills while a database or a file is written: one clear error, with its cure."""

import errno
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from connections.failures import words
from connections.mysql_connections import is_sqlite
from readmission.errors import DiskFullError

DATABASE_ERRORS = (SQLAlchemyError, OSError)

_FILE_ERRNOS = (errno.ENOSPC, errno.EDQUOT)
# SQLite says so, or fails at its helper files beside the database.
_SQLITE_UNCLEAR = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_LITTLE_BYTES = 1 << 20
# MySQL: the disk, a table or tablespace, or a temporary file is full; else the system's error is in the text.
_MYSQL_FULL = frozenset((1021, 1114, 1878, 3675))
_SYSTEM_ERROR = re.compile(r"\b(?:errno|errcode|error):? (?:28|122)\b|no space left", re.IGNORECASE)


@contextmanager
def clear_when_full(engine: Engine) -> Iterator[None]:
    """Tells a full disk from other errors of the block, whose writes a database has then undone.

    Raises:
        DiskFullError: the disk of the database, or of this machine's temporary files, is full.
    """
    try:
        yield
    except (DBAPIError, engine.dialect.loaded_dbapi.Error, OSError) as error:
        cause = cause_of(error)
        if not _is_full(engine, cause):
            raise
        raise DiskFullError(
            f"the disk is full ({words(cause)}): free space on {_place(engine, cause)}, then run this again; "
            "the rows that were there are still in use"
        ) from error


def cause_of(error: BaseException) -> BaseException:
    """The database's own error, without the statement that SQLAlchemy adds to it."""
    return (error.orig or error) if isinstance(error, DBAPIError) else error


def _is_full(engine: Engine, error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        # Only what SQLite itself reports has a code; the lowest byte is its kind.
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return kind == sqlite3.SQLITE_FULL or (kind in _SQLITE_UNCLEAR and _little_is_left(engine))
    if isinstance(error, OSError):
        return error.errno in _FILE_ERRNOS
    return not _MYSQL_FULL.isdisjoint(error.args[:1]) or _SYSTEM_ERROR.search(str(error)) is not None


def _little_is_left(engine: Engine) -> bool:
    return shutil.disk_usage(_folder(engine)).free < _LITTLE_BYTES


def _place(engine: Engine, error: BaseException) -> str:
    if isinstance(error, OSError):
        return str(error.filename or tempfile.gettempdir())
    return str(_folder(engine)) if is_sqlite(engine) else f"the disk of the MySQL server {engine.url.host}"


def _folder(engine: Engine) -> Path:
    return Path(str(engine.url.database)).parent
