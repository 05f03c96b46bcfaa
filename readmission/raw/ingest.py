"""Loads the encounters' CSV into `RAW_DATA.initial_data`: all of a valid file, or nothing; and undoes a load."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine

from connections.failures import words
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.dataset.csv_check import CheckedFile
from readmission.dataset.obtained import Obtained, on_disk
from readmission.printable import printable
from readmission.progress import Progress, silent
from readmission.raw import loads, remarks
from readmission.raw.current import alone, current, take_back_unrecorded
from readmission.raw.filling import replace_rows
from readmission.raw.loads import Load
from readmission.raw.replacement import check_replaces, present
from readmission.raw.undo import Undone, undo
from readmission.storage.contract_tables import INITIAL_DATA
from readmission.storage.disk_space import DATABASE_ERRORS, cause_of, clear_when_full

__all__ = ["Load", "Undone", "current_load", "load", "undo"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Attempt:
    load_id: int
    given: Obtained | Path
    force: bool
    least_share: float | None
    progress: Progress


def load(
    settings: Settings,
    given: Obtained | Path | None = None,
    force: bool = False,
    progress: Progress = silent,
    allow_shrink: bool = False,
) -> Load:
    """Checks the whole file, then puts its rows in the place of `initial_data`; tells progress in rows.

    Without a file it is the one at DATASET_PATH. The file that is loaded already is not loaded again unless `force`.
    Each attempt is a row in `loads`. What is replaced can be brought back until the next load.

    Raises:
        InvalidFileError: the file breaks the contract. Nothing changed.
        SourceError: there is no such file.
        ReplacementRefusedError: far fewer rows than are there, or synthetic ones for real, without `allow_shrink`.
        LoadError: the database did not take the rows as they were sent. Nothing changed.
        DiskFullError: the disk is full. Nothing changed.
        InUseError: another load is running and does not end.
    """
    engine, given = engine_for(settings, "RAW_DATA"), given or settings.dataset_path
    name = printable(given.name)
    least_share = None if allow_shrink else settings.least_load_share
    with clear_when_full(engine), alone(engine):
        attempt = _Attempt(loads.start(engine, name), given, force, least_share, progress)
        logger.info("load %d: %s", attempt.load_id, name)
        try:
            with clear_when_full(engine):
                take_back_unrecorded(engine)
                return _load(engine, attempt)
        except BaseException as error:
            _record_failure(engine, attempt.load_id, words(error) or type(error).__name__)
            raise


def current_load(settings: Settings) -> Load | None:
    """The load whose rows are in `initial_data`; None before the first, or when the table is gone or another."""
    return current(engine_for(settings, "RAW_DATA"))


def _load(engine: Engine, attempt: _Attempt) -> Load:
    file, load_id = on_disk(attempt.given) if isinstance(attempt.given, Path) else attempt.given, attempt.load_id
    loads.name_source(engine, load_id, file.name)
    there = current(engine)
    if there is not None and there.sha256 == file.sha256 and not attempt.force:
        return _unchanged(engine, there, load_id)
    checked = file.checked
    if attempt.least_share is not None:
        check_replaces(present(engine), file.name, checked, attempt.least_share)
    said = _remarks(engine, checked, there)
    coming = Load(load_id, checked.rows, file.sha256, checked.dataset, "loaded")

    def record(connection: Connection) -> str:
        loads.finish_loaded(connection, coming, said, checked.counts)
        return coming.mark

    replace_rows(engine, file, coming, record, there is not None, attempt.progress)
    logger.info("load %d: %s rows (%s) are in %s", load_id, f"{coming.rows:,}", coming.dataset, INITIAL_DATA)
    return coming


def _remarks(engine: Engine, checked: CheckedFile, there: Load | None) -> list[str]:
    """What a person should know of a load, for its record; told in the log too."""
    former = {} if there is None else loads.counts_of(engine, there.load_id)
    leaps = list(remarks.leaps(checked, former, there.rows if there else 0))
    for line in (*checked.remarks, *remarks.count_lines(checked)):
        logger.info(line)
    for line in leaps:
        logger.warning(line)
    return [*checked.remarks, *leaps]


def _unchanged(engine: Engine, there: Load, load_id: int) -> Load:
    with engine.begin() as connection:
        loads.finish_unchanged(connection, load_id, there)
    logger.info("load %d: unchanged, the rows of load %d stay", load_id, there.load_id)
    return replace(there, outcome="unchanged")


def _record_failure(engine: Engine, load_id: int, detail: str) -> None:
    try:
        take_back_unrecorded(engine)
        with engine.begin() as connection:
            loads.finish_failed(connection, load_id, detail)
    except DATABASE_ERRORS as error:
        logger.warning(
            "load %d could not be recorded as failed, the next one will do that: %s", load_id, cause_of(error)
        )
