"""Staged tables: filled beside the live ones, then put in their place all at once, with a record of what they hold.

What a swap replaced stays beside the live tables until the next swap, if that is wanted, and can be brought back.

SQLite swaps and records in one transaction. MySQL commits a rename by itself, so a process that dies before its record
is committed leaves tables that no record describes. There each table carries its record's mark as a comment, and is
believed while the two agree; where the recorded tables are then, tells which renames to undo.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, MetaData, Table, func, inspect, select, table, text
from sqlalchemy.schema import SetTableComment

from connections.mysql_connections import is_sqlite
from readmission.storage.disk_space import DATABASE_ERRORS, clear_when_full

logger = logging.getLogger(__name__)

# A transaction that somebody forgot must not hold the swap for MySQL's default of a year.
RENAME_WAIT_SECONDS = 60

Record = Callable[[Connection], str]
Renames = Sequence[tuple[str, str]]


@contextmanager
def staged(engine: Engine, live: Sequence[Table]) -> Iterator[list[Table]]:
    """Empty tables like the live ones, beside them: to be filled and swapped in. None is left after the block."""
    staging = [like.to_metadata(MetaData(), name=_staging_name(like.name)) for like in live]
    leftovers = [empty.name for empty in staging]
    with clear_when_full(engine):
        _drop(engine, [*leftovers, *(_old_name(like.name) for like in live)])
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
    _rename(engine, [pair for name in names for pair in _forward(name)], record, staged_for=names)
    gone = [_old_name(name) for name in names]
    _clear_away(engine, gone if keep else gone + [kept_name(name) for name in names])


def bring_back(engine: Engine, names: Sequence[str], record: Record) -> None:
    """Puts what the last swap replaced back in its place and records it: both, or neither. It can be done once."""
    gone = [_old_name(name) for name in names]
    _drop(engine, gone)
    _rename(engine, [pair for name in names for pair in _backward(name)], record)
    _clear_away(engine, gone)


def drop_kept(engine: Engine, names: Sequence[str]) -> bool:
    """Drops what a swap kept, for the room; whether there was any."""
    kept = {kept_name(name) for name in names} & set(inspect(engine).get_table_names())
    _drop(engine, sorted(kept))
    return bool(kept)


def take_back(engine: Engine, names: Sequence[str], mark: str) -> None:
    """Undoes renames that were never recorded, if the tables of the record that has `mark` are still beside them."""
    if is_sqlite(engine) or _carry(engine, names, mark):
        return
    for beside, renames in ((kept_name, _forward), (_old_name, _backward)):
        if _carry(engine, [beside(name) for name in names], mark):
            _drop(engine, [_staging_name(name) for name in names] if renames is _forward else [])
            _rename_mysql(engine, _existing(engine, _reversed(pair for name in names for pair in renames(name))))
            _drop(engine, [_staging_name(name) for name in names])
            return


def hold(engine: Engine, rows: Mapping[str, int], mark: str) -> bool:
    """Whether the live tables are what the record that has `mark` describes: they carry it, and have that many rows."""
    return _carry(engine, list(rows), mark) and all(count(engine, name) == expected for name, expected in rows.items())


def count(engine: Engine, name: str) -> int:
    """How many rows a table has."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())


def kept_name(name: str) -> str:
    """What the table that a swap replaced is called while it can be brought back."""
    return f"{name}_replaced"


def _staging_name(name: str) -> str:
    return f"{name}_staging"


def _old_name(name: str) -> str:
    return f"{name}_old"


def _forward(name: str) -> Renames:
    return (kept_name(name), _old_name(name)), (name, kept_name(name)), (_staging_name(name), name)


def _backward(name: str) -> Renames:
    return (name, _old_name(name)), (kept_name(name), name)


def _reversed(renames: Iterable[tuple[str, str]]) -> Renames:
    return [(after, before) for before, after in reversed(list(renames))]


def _existing(engine: Engine, renames: Renames) -> Renames:
    there = set(inspect(engine).get_table_names())
    return [pair for pair in renames if pair[0] in there]


def _drop(engine: Engine, names: Sequence[str]) -> None:
    for name in names:
        Table(name, MetaData()).drop(engine, checkfirst=True)


def _clear_away(engine: Engine, names: Sequence[str]) -> None:
    """Drops what nobody needs any more; a failure changes nothing of what was done, and the next run drops them."""
    try:
        _drop(engine, names)
    except DATABASE_ERRORS as error:
        logger.warning("%s could not be dropped yet, the next run will: %s", " and ".join(names), error)


def _carry(engine: Engine, names: Sequence[str], mark: str) -> bool:
    """Whether all the tables are there, with the mark where the database keeps one."""
    inspector = inspect(engine)
    if not set(names) <= set(inspector.get_table_names()):
        return False
    return is_sqlite(engine) or all(inspector.get_table_comment(name)["text"] == mark for name in names)


def _mark(engine: Engine, names: Sequence[str], mark: str) -> None:
    # Like a rename, a comment commits what its connection holds open: never on the record's.
    with engine.connect() as connection:
        for name in names:
            connection.execute(SetTableComment(Table(_staging_name(name), MetaData(), comment=mark)))


def _rename(engine: Engine, wanted: Renames, record: Record, staged_for: Sequence[str] = ()) -> None:
    renames = _existing(engine, wanted)
    with engine.connect() as connection:
        if is_sqlite(engine):
            _rename_sqlite(connection, renames)
            record(connection)
        else:
            _mark(engine, staged_for, record(connection))
            _rename_mysql(engine, renames)
        connection.commit()


def _rename_sqlite(connection: Connection, renames: Renames) -> None:
    # The driver opens no transaction for DDL by itself: without this each rename would be its own.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    for before, after in renames:
        connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


def _rename_mysql(engine: Engine, renames: Renames) -> None:
    # On the connection of the record, it would commit the record first.
    with engine.connect() as connection:
        connection.execute(text(f"SET SESSION lock_wait_timeout = {RENAME_WAIT_SECONDS}"))
        connection.execute(text("RENAME TABLE " + ", ".join(f"{before} TO {after}" for before, after in renames)))
