"""A staging table beside `initial_data` that is filled, verified and swapped in whole."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine, MetaData, Table, func, inspect, select, text

from connections.mysql_connections import is_sqlite
from readmission.tables import INITIAL_DATA, initial_data_table

STAGING = f"{INITIAL_DATA}_staging"
OLD = f"{INITIAL_DATA}_old"
# A transaction that somebody forgot must not hold the swap for MySQL's default of a year.
RENAME_WAIT_SECONDS = 60

Finish = Callable[[Connection], None]


def create(engine: Engine, load_id: int) -> Table:
    """Makes an empty staging table, marked with its load where the database keeps comments (MySQL)."""
    drop(engine)
    table = initial_data_table(MetaData(), STAGING)
    table.comment = _mark(load_id)
    table.create(engine)
    return table


def drop(engine: Engine) -> None:
    """Removes what a load leaves beside `initial_data`, if anything is there."""
    for name in (STAGING, OLD):
        Table(name, MetaData()).drop(engine, checkfirst=True)


def swap(engine: Engine, finish: Finish) -> None:
    """Puts the staging table in the place of `initial_data`; `finish` records it on the same connection.

    MySQL renames both tables in one atomic statement; SQLite does all of it in one short transaction.
    """
    replaced = inspect(engine).has_table(INITIAL_DATA)
    with engine.connect() as connection:
        if is_sqlite(engine):
            _rename_sqlite(connection, replaced)
        else:
            _rename_mysql(connection, replaced)
        finish(connection)
        connection.commit()
    drop(engine)


def holds(engine: Engine, load_id: int, rows: int) -> bool:
    """Whether `initial_data` is there, with that load's rows."""
    inspector = inspect(engine)
    if not inspector.has_table(INITIAL_DATA):
        return False
    if not is_sqlite(engine) and inspector.get_table_comment(INITIAL_DATA)["text"] != _mark(load_id):
        return False
    return count(engine, INITIAL_DATA) == rows


def count(engine: Engine, name: str) -> int:
    """How many rows a table of encounters has."""
    with engine.connect() as connection:
        query = select(func.count()).select_from(initial_data_table(MetaData(), name))
        return int(connection.execute(query).scalar_one())


def _mark(load_id: int) -> str:
    return f"load {load_id}"


def _rename_sqlite(connection: Connection, replaced: bool) -> None:
    # The driver opens no transaction for DDL by itself: without this each rename would be its own.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    if replaced:
        connection.execute(text(f"ALTER TABLE {INITIAL_DATA} RENAME TO {OLD}"))
    connection.execute(text(f"ALTER TABLE {STAGING} RENAME TO {INITIAL_DATA}"))


def _rename_mysql(connection: Connection, replaced: bool) -> None:
    connection.execute(text(f"SET SESSION lock_wait_timeout = {RENAME_WAIT_SECONDS}"))
    away = f"{INITIAL_DATA} TO {OLD}, " if replaced else ""
    connection.execute(text(f"RENAME TABLE {away}{STAGING} TO {INITIAL_DATA}"))
