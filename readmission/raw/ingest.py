"""Loads the encounters' CSV into `RAW_DATA.initial_data`: all of a valid file, or nothing."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from connections.mysql_connections import LockTakenError, database_lock, engine_for
from connections.settings import Settings
from readmission.dataset.csv_check import CheckedFile, check_file
from readmission.dataset.csv_reader import read_blocks
from readmission.dataset.origin import file_sha256, source_name
from readmission.errors import InUseError, InvalidFileError, LoadError, SourceError
from readmission.progress import Progress, silent
from readmission.raw import loads, staging
from readmission.raw.loads import Load
from readmission.storage.contract_tables import INITIAL_DATA
from readmission.storage.rows import send

__all__ = ["Load", "current_load", "load"]

logger = logging.getLogger(__name__)

LOCK = INITIAL_DATA
LOCK_WAIT_SECONDS = 300


def load(settings: Settings, path: Path | None = None, force: bool = False, progress: Progress = silent) -> Load:
    """Checks the whole file, then puts its rows in the place of `initial_data`; tells progress in rows.

    The file that is loaded already is not loaded again unless `force`. Each attempt is a row in `loads`.

    Raises:
        InvalidFileError: the file breaks the contract. Nothing changed.
        SourceError: there is no such file.
        LoadError: the database did not take the rows as they were sent. Nothing changed.
        InUseError: another load is running and does not end.
    """
    engine = engine_for(settings, "RAW_DATA")
    try:
        with database_lock(engine, LOCK, LOCK_WAIT_SECONDS):
            return _recorded_load(engine, path or settings.dataset_path, force, progress)
    except LockTakenError as error:
        raise InUseError(f"another load is running: {error}") from error


def current_load(settings: Settings) -> Load | None:
    """The load whose rows are in `initial_data`; None before the first, or when the table is gone or another."""
    return _current(engine_for(settings, "RAW_DATA"))


def _current(engine: Engine) -> Load | None:
    latest = loads.latest(engine)
    if latest is None or not staging.holds(engine, latest.load_id, latest.rows):
        return None
    return latest


def _recorded_load(engine: Engine, path: Path, force: bool, progress: Progress) -> Load:
    load_id = loads.start(engine, source_name(path))
    logger.info("load %d: %s", load_id, path)
    try:
        return _load(engine, path, load_id, force, progress)
    except BaseException as error:
        staging.drop(engine)
        with engine.begin() as connection:
            loads.finish_failed(connection, load_id, str(error) or type(error).__name__)
        raise


def _load(engine: Engine, path: Path, load_id: int, force: bool, progress: Progress) -> Load:
    if not path.is_file():
        raise SourceError(f"there is no file {path}: set DATASET_SOURCE and run cargar_datos, or put the CSV there")
    sha256 = file_sha256(path)
    current = None if force else _current(engine)
    if current is not None and current.sha256 == sha256:
        return _unchanged(engine, current, load_id)
    checked = check_file(path)
    _fill_staging(engine, path, checked, load_id, progress)
    if file_sha256(path) != sha256:
        raise InvalidFileError(f"{path.name} was changed while it was read; load it again")
    loaded = Load(load_id, checked.rows, sha256, checked.dataset, "loaded")
    staging.swap(engine, partial(loads.finish, load_id=load_id, load=loaded))
    logger.info("load %d: %s rows (%s) are in %s", load_id, f"{loaded.rows:,}", loaded.dataset, INITIAL_DATA)
    return loaded


def _unchanged(engine: Engine, current: Load, load_id: int) -> Load:
    unchanged = replace(current, outcome="unchanged")
    with engine.begin() as connection:
        loads.finish(connection, load_id, unchanged)
    logger.info("load %d: unchanged, the rows of load %d stay", load_id, current.load_id)
    return unchanged


def _fill_staging(engine: Engine, path: Path, checked: CheckedFile, load_id: int, progress: Progress) -> None:
    table = staging.create(engine, load_id)
    send(engine, table, _told(path, checked.rows, progress))
    rows = staging.count(engine, table.name)
    if rows != checked.rows:
        raise LoadError(f"the file has {checked.rows:,} encounters and the database took {rows:,}; load it again")


def _told(path: Path, rows: int, progress: Progress) -> Iterator[pl.DataFrame]:
    done = 0
    for block in read_blocks(path):
        yield block.frame
        done += block.frame.height
        progress(done, rows)
