"""The names a table has on its way in and out of use, and how each database renames and marks tables."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Engine, MetaData, Table, inspect, text
from sqlalchemy.schema import SetTableComment

from connections.mysql_connections import is_sqlite

# A transaction that somebody forgot must not hold the swap for MySQL's default of a year.
RENAME_WAIT_SECONDS = 60

Renames = Sequence[tuple[str, str]]


def staging_name(name: str) -> str:
    """What the table that is to be swapped in is called while it is filled."""
    return f"{name}_staging"


def kept_name(name: str) -> str:
    """What the table that a swap replaced is called while it can be brought back."""
    return f"{name}_replaced"


def old_name(name: str) -> str:
    """What a table is called that nobody needs any more."""
    return f"{name}_old"


def forward(name: str) -> Renames:
    """The renames of a swap."""
    return (kept_name(name), old_name(name)), (name, kept_name(name)), (staging_name(name), name)


def backward(name: str) -> Renames:
    """The renames that bring back what a swap replaced."""
    return (name, old_name(name)), (kept_name(name), name)


def undoing(renames: Iterable[tuple[str, str]]) -> Renames:
    """The renames that undo others."""
    return [(after, before) for before, after in reversed(list(renames))]


def existing(engine: Engine, renames: Renames) -> Renames:
    """Those whose table is there."""
    there = set(inspect(engine).get_table_names())
    return [pair for pair in renames if pair[0] in there]


def carry(engine: Engine, names: Sequence[str], mark: str) -> bool:
    """Whether all the tables are there, with the mark where the database keeps one."""
    inspector = inspect(engine)
    if not set(names) <= set(inspector.get_table_names()):
        return False
    return is_sqlite(engine) or all(inspector.get_table_comment(name)["text"] == mark for name in names)


def mark_mysql(engine: Engine, names: Sequence[str], mark: str) -> None:
    """Marks tables; like a rename that commits what its connection holds open, so it never runs on the record's."""
    with engine.connect() as connection:
        for name in names:
            connection.execute(SetTableComment(Table(name, MetaData(), comment=mark)))


def rename_sqlite(connection: Connection, renames: Renames) -> None:
    """Renames tables in the connection's transaction."""
    # The driver opens no transaction for DDL by itself: without this each rename would be its own.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    for before, after in renames:
        connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


def rename_mysql(engine: Engine, renames: Renames) -> None:
    """Renames tables all at once; on the connection of the record it would commit the record first."""
    with engine.connect() as connection:
        connection.execute(text(f"SET SESSION lock_wait_timeout = {RENAME_WAIT_SECONDS}"))
        connection.execute(text("RENAME TABLE " + ", ".join(f"{before} TO {after}" for before, after in renames)))
