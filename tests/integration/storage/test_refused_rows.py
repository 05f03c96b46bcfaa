"""A database that does not take a row is told of without what it says of the row."""

import logging

import polars as pl
import pytest
from sqlalchemy import MetaData, insert

from connections.failures import trace, words
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.errors import LoadError
from readmission.storage.contract_tables import INITIAL_DATA, initial_data_table
from readmission.storage.databases import initialise
from readmission.storage.rows import send

SENTINEL = "SENTINEL-REF-7F3A"


@pytest.fixture
def empty(database_settings: Settings) -> Settings:
    initialise(database_settings)
    return database_settings


def test_a_row_that_is_there_already_is_not_quoted(empty: Settings) -> None:
    engine, table = engine_for(empty, "RAW_DATA"), initial_data_table(MetaData())
    assert table.name == INITIAL_DATA
    columns = {
        column.name: [f"{SENTINEL}-{column.name}"[:60] if column.type.python_type is str else 4711] * 2
        for column in table.columns
    }
    with pytest.raises(LoadError) as refused:
        send(engine, table, [pl.DataFrame(columns)])
    assert "SENTINEL" not in trace(refused.value) and "4711" not in trace(refused.value)
    assert INITIAL_DATA in str(refused.value) or "MySQL would have changed rows" in str(refused.value)


def test_a_statement_that_is_refused_is_not_quoted(empty: Settings, caplog: pytest.LogCaptureFixture) -> None:
    row = {column.name: SENTINEL for column in predictions.columns if column.type.python_type is str}
    with pytest.raises(Exception) as refused, engine_for(empty, "RAW_DATA").begin() as connection:
        connection.execute(insert(predictions), [row, row])
    logging.getLogger("any").error("not written: %s", words(refused.value))
    assert "SENTINEL" not in trace(refused.value) + caplog.text
    assert "in test_a_statement_that_is_refused_is_not_quoted" in trace(refused.value)
