"""Puts staging tables in the place of live ones, all at once."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, MetaData, Table, inspect, text

from connections.mysql_connections import is_sqlite

# A transaction that somebody forgot must not hold the swap for MySQL's default of a year.
RENAME_WAIT_SECONDS = 60

Finish = Callable[[Connection], None]


def staging_name(name: str) -> str:
    """The table that is filled before it becomes `name`."""
    return f"{name}_staging"


def _old_name(name: str) -> str:
    return f"{name}_old"


def drop_leftovers(engine: Engine, names: Sequence[str]) -> None:
    """Removes what a broken-off run left beside the live tables, if anything is there."""
    for name in names:
        for leftover in (staging_name(name), _old_name(name)):
            Table(leftover, MetaData()).drop(engine, checkfirst=True)


def swap(engine: Engine, names: Sequence[str], finish: Finish) -> None:
    """Puts each table's staging table in its place and records it with `finish`: both, or neither.

    SQLite does all of it in one short transaction. MySQL renames all tables in one atomic statement that no
    transaction can take back, so the record is written before it and committed after it; `finish` may not
    touch the tables that are renamed.
    """
    existing = set(inspect(engine).get_table_names())
    renames = [
        pair for name in names for pair in ((name, _old_name(name)), (staging_name(name), name)) if pair[0] in existing
    ]
    with engine.connect() as connection:
        if is_sqlite(engine):
            _rename_sqlite(connection, renames)
            finish(connection)
        else:
            finish(connection)
            _rename_mysql(engine, renames)
        connection.commit()
    drop_leftovers(engine, names)


def _rename_sqlite(connection: Connection, renames: Sequence[tuple[str, str]]) -> None:
    # The driver opens no transaction for DDL by itself: without this each rename would be its own.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    for before, after in renames:
        connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


def _rename_mysql(engine: Engine, renames: Sequence[tuple[str, str]]) -> None:
    # On the connection of the record, it would commit the record first.
    with engine.connect() as connection:
        connection.execute(text(f"SET SESSION lock_wait_timeout = {RENAME_WAIT_SECONDS}"))
        connection.execute(text("RENAME TABLE " + ", ".join(f"{before} TO {after}" for before, after in renames)))
