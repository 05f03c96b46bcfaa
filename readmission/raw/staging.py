"""The staging table beside `initial_data`, and whether `initial_data` is what a load put there."""

from sqlalchemy import Engine, MetaData, Table, func, inspect, select

from connections.mysql_connections import is_sqlite
from readmission.storage.contract_tables import INITIAL_DATA, initial_data_table
from readmission.storage.table_swap import Finish, drop_leftovers, staging_name
from readmission.storage.table_swap import swap as swap_tables


def create(engine: Engine, load_id: int) -> Table:
    """Makes an empty staging table, marked with its load where the database keeps comments (MySQL)."""
    drop(engine)
    table = initial_data_table(MetaData(), staging_name(INITIAL_DATA))
    table.comment = _mark(load_id)
    table.create(engine)
    return table


def drop(engine: Engine) -> None:
    """Removes what a load leaves beside `initial_data`, if anything is there."""
    drop_leftovers(engine, [INITIAL_DATA])


def swap(engine: Engine, finish: Finish) -> None:
    """Puts the staging table in the place of `initial_data`; `finish` records it on the same connection."""
    swap_tables(engine, [INITIAL_DATA], finish)


def holds(engine: Engine, load_id: int, rows: int) -> bool:
    """Whether `initial_data` is there, with that load's rows.

    On MySQL the mark tells of a run that broke off between the swap and its record.
    """
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
