"""Puts a checked file's rows in the place of `initial_data`."""

import logging
from collections.abc import Iterator

import polars as pl
from sqlalchemy import Engine, MetaData, Table

from readmission.dataset.csv_reader import read_blocks
from readmission.dataset.obtained import Obtained
from readmission.errors import DiskFullError, LoadError
from readmission.progress import Progress
from readmission.raw.loads import Load
from readmission.storage.contract_tables import INITIAL_DATA, initial_data_table
from readmission.storage.rows import send
from readmission.storage.table_swap import Record, count, drop_kept, staged, swap

logger = logging.getLogger(__name__)


def replace_rows(engine: Engine, file: Obtained, coming: Load, record: Record, keep: bool, progress: Progress) -> None:
    """Fills a table beside the one in use and swaps it in; with `keep`, the replaced rows can be brought back.

    Where the disk has no room for that, those that an earlier load replaced are given up for it.

    Raises:
        InvalidFileError: the file is no longer the one that was checked.
        LoadError: the database did not take the rows as they were sent.
        DiskFullError: there is no room for the rows.
    """
    try:
        _replace(engine, file, coming, record, keep, progress)
    except DiskFullError:
        if not drop_kept(engine, [INITIAL_DATA]):
            raise
        logger.warning("the disk is full: what an undo could have brought back was dropped for the room; trying again")
        _replace(engine, file, coming, record, keep, progress)


def _replace(engine: Engine, file: Obtained, coming: Load, record: Record, keep: bool, progress: Progress) -> None:
    with staged(engine, [initial_data_table(MetaData())]) as (table,):
        _fill(engine, table, file, coming.rows, progress)
        file.check_unchanged()
        swap(engine, [INITIAL_DATA], record, keep)


def _fill(engine: Engine, table: Table, file: Obtained, rows: int, progress: Progress) -> None:
    send(engine, table, _told(file, rows, progress))
    taken = count(engine, table.name)
    if taken != rows:
        raise LoadError(f"the file has {rows:,} encounters and the database took {taken:,}; load it again")


def _told(file: Obtained, rows: int, progress: Progress) -> Iterator[pl.DataFrame]:
    done = 0
    for block in read_blocks(file.path, file.name):
        yield block.frame
        done += block.frame.height
        progress(done, rows)
