"""Reads tables into Polars frames, in chunks and with the types that the table declares."""

import polars as pl
from sqlalchemy import Engine, Table, select
from sqlalchemy.sql import ColumnElement

READ_ROWS = 20_000


def read_table(engine: Engine, table: Table, where: ColumnElement[bool] | None = None) -> pl.DataFrame:
    """A table's rows in the order of its primary key, with its columns in order."""
    query = select(table).order_by(*table.primary_key)
    if where is not None:
        query = query.where(where)
    schema = {column.name: _dtype(column.type.python_type) for column in table.columns}
    frames = [pl.DataFrame(schema=schema)]
    with engine.connect().execution_options(stream_results=True, yield_per=READ_ROWS) as connection:
        for rows in connection.execute(query).partitions():
            frames.append(pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row"))
    return pl.concat(frames)


def _dtype(python_type: type) -> type[pl.DataType]:
    if issubclass(python_type, int):
        return pl.Int64
    return pl.Float64 if issubclass(python_type, float) else pl.String
