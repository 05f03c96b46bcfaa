"""Staged tables: filled beside the live ones, then put in their place all at once, with a record of what they hold.

What a swap replaced stays beside the live tables until the next swap, if that is wanted, and can be brought back.

SQLite swaps and records in one transaction. MySQL commits a rename by itself, so a process that dies before its record
is committed leaves tables that no record describes. There each table carries its record's mark as a comment, and is
believed while the two agree; where the recorded tables are then, tells which renames to undo.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, MetaData, Table, func, inspect, select, table

from connections.mysql_connections import is_sqlite
from readmission.storage import table_renames
from readmission.storage.disk_space import DATABASE_ERRORS, cause_of, clear_when_full
from readmission.storage.table_renames import Renames, kept_name, old_name, staging_name

logger = logging.getLogger(__name__)

Record = Callable[[Connection], str]


@contextmanager
def staged(engine: Engine, live: Sequence[Table]) -> Iterator[list[Table]]:
    """Empty tables like the live ones, beside them: to be filled and swapped in. None is left after the block.

    Raises:
        DiskFullError: the disk of the database is full.
    """
    staging = [like.to_metadata(MetaData(), name=staging_name(like.name)) for like in live]
    leftovers = [empty.name for empty in staging]
    with clear_when_full(engine):
        _drop(engine, [*leftovers, *(old_name(like.name) for like in live)])
        try:
            for empty in staging:
                empty.create(engine)
            yield staging
        finally:
            _clear_away(engine, leftovers)


def swap(engine: Engine, names: Sequence[str], record: Record, keep: bool = False) -> None:
    """Puts each table's staging table in its place and records it: both, or neither.

    `record` writes what the tables hold on the connection it is given and returns the mark, which is that record's
    alone; it may not touch the tables that are swapped. With `keep`, what was replaced can be brought back.
    """
    renames = [pair for name in names for pair in table_renames.forward(name)]
    _rename(engine, renames, record, marked=[staging_name(name) for name in names])
    gone = [old_name(name) for name in names]
    _clear_away(engine, gone if keep else gone + [kept_name(name) for name in names])


def bring_back(engine: Engine, names: Sequence[str], record: Record) -> None:
    """Puts what the last swap replaced back in its place and records it: both, or neither. It can be done once."""
    gone = [old_name(name) for name in names]
    _drop(engine, gone)
    _rename(engine, [pair for name in names for pair in table_renames.backward(name)], record, marked=())
    _clear_away(engine, gone)


def drop_kept(engine: Engine, names: Sequence[str]) -> bool:
    """Drops what a swap kept, for the room; whether there was any."""
    kept = {kept_name(name) for name in names} & set(inspect(engine).get_table_names())
    _drop(engine, sorted(kept))
    return bool(kept)


def take_back(engine: Engine, names: Sequence[str], mark: str) -> None:
    """Undoes renames that were never recorded, if the tables of the record that has `mark` are still beside them."""
    if is_sqlite(engine) or table_renames.carry(engine, names, mark):
        return
    for beside, renames in ((kept_name, table_renames.forward), (old_name, table_renames.backward)):
        if table_renames.carry(engine, [beside(name) for name in names], mark):
            staging = [staging_name(name) for name in names]
            _drop(engine, staging)
            undoing = table_renames.undoing(pair for name in names for pair in renames(name))
            table_renames.rename_mysql(engine, table_renames.existing(engine, undoing))
            _drop(engine, staging)
            return


def hold(engine: Engine, rows: Mapping[str, int], mark: str) -> bool:
    """Whether tables are what the record that has `mark` describes: they carry it, and have that many rows."""
    there = table_renames.carry(engine, list(rows), mark)
    return there and all(count(engine, name) == expected for name, expected in rows.items())


def count(engine: Engine, name: str) -> int:
    """How many rows a table has."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())


def _rename(engine: Engine, wanted: Renames, record: Record, marked: Sequence[str]) -> None:
    renames = table_renames.existing(engine, wanted)
    with engine.connect() as connection:
        if is_sqlite(engine):
            table_renames.rename_sqlite(connection, renames)
            record(connection)
        else:
            table_renames.mark_mysql(engine, marked, record(connection))
            table_renames.rename_mysql(engine, renames)
        connection.commit()


def _drop(engine: Engine, names: Sequence[str]) -> None:
    for name in names:
        Table(name, MetaData()).drop(engine, checkfirst=True)


def _clear_away(engine: Engine, names: Sequence[str]) -> None:
    """Drops what nobody needs any more; a failure changes nothing of what was done, and the next run drops them."""
    try:
        _drop(engine, names)
    except DATABASE_ERRORS as error:
        logger.warning("%s could not be dropped yet, the next run will: %s", " and ".join(names), cause_of(error))
