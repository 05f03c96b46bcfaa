"""The contract's tables have the contract's columns, and types that both databases keep exactly."""

import pytest
from sqlalchemy import MetaData
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.schema import CreateTable

from readmission.features import COLUMN_NAMES, PREPARED_FIELDS
from readmission.storage.contract_tables import SPLITS, Split, initial_data_table, prepared_name, prepared_table


def test_initial_data_has_the_columns_of_the_csv_in_its_order() -> None:
    table = initial_data_table(MetaData())
    assert tuple(table.columns.keys()) == COLUMN_NAMES
    assert len(table.columns) == 50
    assert table.primary_key.columns.keys() == ["encounter_id"]
    assert not any(column.nullable for column in table.columns)


def test_initial_data_on_each_database() -> None:
    table = initial_data_table(MetaData(), "elsewhere")
    on_mysql = str(CreateTable(table).compile(dialect=mysql.dialect()))
    assert "CREATE TABLE elsewhere" in on_mysql
    assert "encounter_id BIGINT NOT NULL" in on_mysql
    assert "AUTO_INCREMENT" not in on_mysql
    assert "patient_nbr BIGINT NOT NULL" in on_mysql
    assert "time_in_hospital INTEGER NOT NULL" in on_mysql
    assert "`glyburide-metformin` VARCHAR(64) NOT NULL" in on_mysql
    assert "`change` VARCHAR(64) NOT NULL" in on_mysql
    on_sqlite = str(CreateTable(table).compile(dialect=sqlite.dialect()))
    assert "encounter_id INTEGER NOT NULL" in on_sqlite, "only INTEGER PRIMARY KEY is SQLite's own row number"


@pytest.mark.parametrize("split", SPLITS)
def test_prepared_tables_have_a_column_a_field(split: Split) -> None:
    table = prepared_table(MetaData(), prepared_name(split), split)
    batch = ["batch_id"] if split == "train" else []
    assert table.name == f"{split}_data"
    assert table.columns.keys() == ["row_id", *batch, "patient", "target", *(field.name for field in PREPARED_FIELDS)]
    assert table.primary_key.columns.keys() == ["row_id"]
    ddl = str(CreateTable(table).compile(dialect=mysql.dialect()))
    assert "target SMALLINT NOT NULL" in ddl
    assert "age DOUBLE NOT NULL" in ddl
    assert "glyburide_metformin VARCHAR(64) NOT NULL" in ddl
