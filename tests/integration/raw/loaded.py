"""What a load left in the database, and what the file says should be there."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, inspect, select

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import loads
from readmission.features import SOURCE_COLUMNS
from readmission.storage.contract_tables import initial_data_table

ROWS = 6_000  # more than one block
ONLY_OURS = {"alembic_version", "forgotten", "initial_data", "loads", "predictions"}
WITH_WHAT_WAS_REPLACED = ONLY_OURS | {"initial_data_replaced"}


def expected(path: Path) -> list[tuple[Any, ...]]:
    """The cells of a file as the table should hold them, in its order."""
    readers: list[Callable[[str], Any]] = [str if column.kind == "text" else int for column in SOURCE_COLUMNS]
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return sorted(tuple(read(cell) for read, cell in zip(readers, row, strict=True)) for row in rows)


def stored(settings: Settings) -> list[tuple[Any, ...]]:
    """Every row of the table in use."""
    table = initial_data_table(MetaData())
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return [tuple(row) for row in connection.execute(select(table).order_by(table.c.encounter_id))]


def tables(settings: Settings) -> set[str]:
    """The names of all tables beside it."""
    return set(inspect(engine_for(settings, "RAW_DATA")).get_table_names())


def attempts(settings: Settings) -> list[dict[str, Any]]:
    """The record of loads, the first one first."""
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return [dict(row) for row in connection.execute(select(loads).order_by(loads.c.load_id)).mappings()]
