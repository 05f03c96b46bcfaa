"""Many rows at once: into a table (`LOAD DATA LOCAL INFILE` on MySQL, short transactions on SQLite) and out of it."""

import logging
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine, Select, Table, select
from sqlalchemy.sql import ColumnElement

from connections.failures import words
from connections.mysql_connections import is_sqlite
from readmission.errors import LoadError
from readmission.storage.disk_space import clear_when_full

logger = logging.getLogger(__name__)

Frames = Iterable[pl.DataFrame]
# A slice is a transaction on SQLite: longer ones keep other writers out for longer than they are ready to wait.
SLICE_ROWS = 10_000
READ_ROWS = 20_000
SHOWN_WARNINGS = 5
LOCAL_INFILE_REFUSED = (1148, 3948)
LOCAL_INFILE_ADVICE = "; start MySQL with --local-infile=1"
JOIN_SECONDS = 60


def send(engine: Engine, table: Table, frames: Frames) -> None:
    """Inserts the frames, whose columns are the table's in its order.

    Raises:
        LoadError: the database refused, or warned about a row; `LOAD DATA` keeps a changed value, or drops the row.
        DiskFullError: the disk is full.
    """
    by_driver = _send_sqlite if is_sqlite(engine) else _send_mysql
    try:
        with clear_when_full(engine):
            by_driver(engine, table, frames)
    except engine.dialect.loaded_dbapi.Error as error:
        advice = LOCAL_INFILE_ADVICE if error.args[0] in LOCAL_INFILE_REFUSED else ""
        raise LoadError(f"the database did not take the rows of {table.name}: {words(error)}{advice}") from error


def _send_sqlite(engine: Engine, table: Table, frames: Frames) -> None:
    marks = ", ".join("?" for _ in table.columns)
    statement = f"INSERT INTO {table.name} ({_columns(engine, table)}) VALUES ({marks})"
    with _raw(engine) as connection:
        for frame in frames:
            for part in frame.iter_slices(SLICE_ROWS):
                connection.executemany(statement, part.rows())
                connection.commit()


def _send_mysql(engine: Engine, table: Table, frames: Frames) -> None:
    with _fifo() as fifo:
        writer = _Writer(fifo, frames)
        writer.start()
        try:
            _load_data(engine, table, fifo)
        finally:
            _let_go(fifo)
            writer.join(JOIN_SECONDS)
            if writer.error is not None:
                raise writer.error


def _load_data(engine: Engine, table: Table, fifo: Path) -> None:
    # No escape character: polars doubles quotes, and a backslash in a cell is a backslash.
    statement = (
        f"LOAD DATA LOCAL INFILE %s INTO TABLE {table.name} CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' "
        f"OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n' ({_columns(engine, table)})"
    )
    with _raw(engine) as connection, connection.cursor() as cursor:
        cursor.execute(statement, (str(fifo),))
        cursor.execute(f"SHOW WARNINGS LIMIT {SHOWN_WARNINGS}")
        # Their texts quote values: `Data truncated for column` and a row's number stand in few of them.
        warnings = [f"{level} {code}" for level, code, _ in cursor.fetchall()]
        if warnings:
            raise LoadError(f"MySQL would have changed rows while loading: {'; '.join(warnings)}")
        connection.commit()


class _Writer(threading.Thread):
    """Feeds the FIFO that `LOAD DATA` reads; keeps its error for the thread that waits."""

    def __init__(self, fifo: Path, frames: Frames) -> None:
        super().__init__(name="load-data-writer", daemon=True)
        self.error: BaseException | None = None
        self._fifo = fifo
        self._frames = frames

    def run(self) -> None:
        try:
            with self._fifo.open("wb") as file:
                for frame in self._frames:
                    for part in frame.iter_slices(SLICE_ROWS):
                        file.write(_as_csv(part))
        except BrokenPipeError:
            logger.debug("the server stopped reading; its error says why")
        except BaseException as error:
            self.error = error


def _as_csv(part: pl.DataFrame) -> bytes:
    return part.write_csv(include_header=False, quote_style="non_numeric", null_value="NULL").encode()


def _let_go(fifo: Path) -> None:
    """Frees a writer that still waits for a reader, since the server refused before it read."""
    os.close(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK))


@contextmanager
def _fifo() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="load-data-") as folder:
        fifo = Path(folder) / "rows.csv"
        os.mkfifo(fifo, mode=0o600)
        yield fifo


@contextmanager
def _raw(engine: Engine) -> Iterator[Any]:
    """The driver's own connection, which knows how to send many rows at once."""
    connection = engine.raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.close()


def _columns(engine: Engine, table: Table) -> str:
    quote = engine.dialect.identifier_preparer.quote
    return ", ".join(quote(column.name) for column in table.columns)


def read_table(engine: Engine, table: Table, where: ColumnElement[bool] | None = None) -> pl.DataFrame:
    """A table's rows in the order of its primary key, with its columns in order."""
    query = select(table).order_by(*table.primary_key)
    if where is not None:
        query = query.where(where)
    schema = {column.name: _dtype(column.type.python_type) for column in table.columns}
    return pl.concat([pl.DataFrame(schema=schema), *streamed(engine, query, schema)])


def streamed(engine: Engine, query: Select[Any], schema: Mapping[str, pl.DataType]) -> Iterator[pl.DataFrame]:
    """A query's rows, streamed: at most so many of them are objects of Python at a time."""
    with engine.connect().execution_options(stream_results=True, yield_per=READ_ROWS) as connection:
        for rows in connection.execute(query).partitions():
            yield pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def _dtype(python_type: type) -> pl.DataType:
    if issubclass(python_type, int):
        return pl.Int64()
    return pl.Float64() if issubclass(python_type, float) else pl.String()
