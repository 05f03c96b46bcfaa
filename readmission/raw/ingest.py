"""Loads the encounters' CSV into `RAW_DATA.initial_data`: all of a valid file, or nothing."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, Engine, MetaData, Table

from connections.mysql_connections import LockTakenError, database_lock, engine_for
from connections.settings import Settings
from readmission.dataset.csv_reader import read_blocks
from readmission.dataset.obtained import Obtained, on_disk
from readmission.errors import InUseError, LoadError
from readmission.printable import printable
from readmission.progress import Progress, silent
from readmission.raw import loads
from readmission.raw.loads import Load
from readmission.storage.contract_tables import INITIAL_DATA, initial_data_table
from readmission.storage.rows import send
from readmission.storage.table_swap import count, hold, staged, swap, take_back

__all__ = ["Load", "current_load", "load"]

logger = logging.getLogger(__name__)

LOCK = INITIAL_DATA
LOCK_WAIT_SECONDS = 300


def load(
    settings: Settings, given: Obtained | Path | None = None, force: bool = False, progress: Progress = silent
) -> Load:
    """Checks the whole file, then puts its rows in the place of `initial_data`; tells progress in rows.

    Without a file it is the one at DATASET_PATH. The file that is loaded already is not loaded again unless `force`.
    Each attempt is a row in `loads`.

    Raises:
        InvalidFileError: the file breaks the contract. Nothing changed.
        SourceError: there is no such file.
        LoadError: the database did not take the rows as they were sent. Nothing changed.
        InUseError: another load is running and does not end.
    """
    engine = engine_for(settings, "RAW_DATA")
    try:
        with database_lock(engine, LOCK, LOCK_WAIT_SECONDS):
            return _recorded_load(engine, given or settings.dataset_path, force, progress)
    except LockTakenError as error:
        raise InUseError(f"another load is running: {error}") from error


def current_load(settings: Settings) -> Load | None:
    """The load whose rows are in `initial_data`; None before the first, or when the table is gone or another."""
    return _current(engine_for(settings, "RAW_DATA"))


def _current(engine: Engine) -> Load | None:
    latest = loads.latest(engine)
    if latest is None or not hold(engine, {INITIAL_DATA: latest.rows}, latest.mark):
        return None
    return latest


def _recorded_load(engine: Engine, given: Obtained | Path, force: bool, progress: Progress) -> Load:
    load_id = loads.start(engine, printable(given.name))
    logger.info("load %d: %s", load_id, printable(given.name))
    try:
        _take_back(engine)
        return _load(engine, given, load_id, force, progress)
    except BaseException as error:
        with engine.begin() as connection:
            loads.finish_failed(connection, load_id, str(error) or type(error).__name__)
        raise


def _load(engine: Engine, given: Obtained | Path, load_id: int, force: bool, progress: Progress) -> Load:
    file = on_disk(given) if isinstance(given, Path) else given
    loads.name_source(engine, load_id, file.name)
    current = None if force else _current(engine)
    if current is not None and current.sha256 == file.sha256:
        return _unchanged(engine, current, load_id)
    checked = file.checked
    with staged(engine, [initial_data_table(MetaData())]) as (table,):
        _fill(engine, table, file, progress)
        file.check_unchanged()
        loaded = Load(load_id, checked.rows, file.sha256, checked.dataset, "loaded")
        _swap_in(engine, loaded)
    logger.info("load %d: %s rows (%s) are in %s", load_id, f"{loaded.rows:,}", loaded.dataset, INITIAL_DATA)
    return loaded


def _take_back(engine: Engine) -> None:
    """Gives `initial_data` back to the last load, if one that was never recorded replaced its rows."""
    latest = loads.latest(engine)
    if latest is not None:
        take_back(engine, [INITIAL_DATA], latest.mark)


def _unchanged(engine: Engine, current: Load, load_id: int) -> Load:
    unchanged = replace(current, outcome="unchanged")
    with engine.begin() as connection:
        loads.finish(connection, load_id, unchanged)
    logger.info("load %d: unchanged, the rows of load %d stay", load_id, current.load_id)
    return unchanged


def _fill(engine: Engine, table: Table, file: Obtained, progress: Progress) -> None:
    rows = file.checked.rows
    send(engine, table, _told(file, rows, progress))
    taken = count(engine, table.name)
    if taken != rows:
        raise LoadError(f"the file has {rows:,} encounters and the database took {taken:,}; load it again")


def _swap_in(engine: Engine, loaded: Load) -> None:
    def record(connection: Connection) -> str:
        loads.finish(connection, loaded.load_id, loaded)
        return loaded.mark

    swap(engine, [INITIAL_DATA], record)


def _told(file: Obtained, rows: int, progress: Progress) -> Iterator[pl.DataFrame]:
    done = 0
    for block in read_blocks(file.path, file.name):
        yield block.frame
        done += block.frame.height
        progress(done, rows)
