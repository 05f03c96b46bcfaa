"""Staged tables: filled beside the live ones, then put in their place all at once, with a record of what they hold.

SQLite swaps and records in one transaction. MySQL commits a rename by itself, so a process that dies before its record
is committed leaves tables that no record describes. There each table carries its record's mark as a comment, and is
believed while the two agree.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, MetaData, Table, func, inspect, select, table, text
from sqlalchemy.schema import SetTableComment

from connections.mysql_connections import is_sqlite

# A transaction that somebody forgot must not hold the swap for MySQL's default of a year.
RENAME_WAIT_SECONDS = 60

Record = Callable[[Connection], str]
Renames = Sequence[tuple[str, str]]


@contextmanager
def staged(engine: Engine, live: Sequence[Table]) -> Iterator[list[Table]]:
    """Empty tables like the live ones, beside them: to be filled and swapped in. None is left after the block."""
    _drop_leftovers(engine, [like.name for like in live])
    staging = [like.to_metadata(MetaData(), name=_staging_name(like.name)) for like in live]
    try:
        for empty in staging:
            empty.create(engine)
        yield staging
    finally:
        _drop(engine, [empty.name for empty in staging])


def swap(engine: Engine, names: Sequence[str], record: Record) -> None:
    """Puts each table's staging table in its place and records it: both, or neither.

    `record` writes what the tables hold on the connection it is given and returns the mark, which is that record's
    alone; it may not touch the tables that are swapped.
    """
    existing = set(inspect(engine).get_table_names())
    swaps = [pair for name in names for pair in ((name, _old_name(name)), (_staging_name(name), name))]
    renames = [pair for pair in swaps if pair[0] in existing]
    with engine.connect() as connection:
        if is_sqlite(engine):
            _rename_sqlite(connection, renames)
            record(connection)
        else:
            _mark(engine, names, record(connection))
            _rename_mysql(engine, renames)
        connection.commit()
    _drop_leftovers(engine, names)


def take_back(engine: Engine, names: Sequence[str], mark: str) -> None:
    """Undoes a swap that was never recorded, if the tables of the record that has `mark` are still beside it."""
    if (
        is_sqlite(engine)
        or _carry(engine, names, mark)
        or not _carry(engine, [_old_name(name) for name in names], mark)
    ):
        return
    _drop(engine, [_staging_name(name) for name in names])
    _rename_mysql(engine, [pair for name in names for pair in ((name, _staging_name(name)), (_old_name(name), name))])
    _drop_leftovers(engine, names)


def hold(engine: Engine, rows: Mapping[str, int], mark: str) -> bool:
    """Whether the live tables are what the record that has `mark` describes: they carry it, and have that many rows."""
    return _carry(engine, list(rows), mark) and all(count(engine, name) == expected for name, expected in rows.items())


def count(engine: Engine, name: str) -> int:
    """How many rows a table has."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())


def _staging_name(name: str) -> str:
    return f"{name}_staging"


def _old_name(name: str) -> str:
    return f"{name}_old"


def _drop_leftovers(engine: Engine, names: Sequence[str]) -> None:
    _drop(engine, [beside(name) for name in names for beside in (_staging_name, _old_name)])


def _drop(engine: Engine, names: Sequence[str]) -> None:
    for name in names:
        Table(name, MetaData()).drop(engine, checkfirst=True)


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
