"""The tables whose shape follows the feature contract; each run that fills one builds it anew."""

from typing import Literal

from sqlalchemy import BigInteger, Column, Double, Integer, MetaData, SmallInteger, String, Table
from sqlalchemy.types import TypeEngine

from readmission.features import PREPARED_FIELDS, SOURCE_COLUMNS, SourceColumn

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

INITIAL_DATA = "initial_data"
ENCOUNTER_ID = "encounter_id"
CATEGORY_LENGTH = 64

# On SQLite only INTEGER makes a primary key the row's own number.
_Identifier = BigInteger().with_variant(Integer(), "sqlite")


def prepared_name(split: Split) -> str:
    """The table in `CLEAN_DATA` that holds a split."""
    return f"{split}_data"


def initial_data_table(metadata: MetaData, name: str = INITIAL_DATA) -> Table:
    """The 50 columns of the CSV, under their own names."""
    columns = [_source_column(column) for column in SOURCE_COLUMNS]
    return Table(name, metadata, *columns)


def _source_column(column: SourceColumn) -> Column[int] | Column[str]:
    if column.kind == "text":
        return Column(column.name, String(column.length), nullable=False)
    if column.kind == "integer":
        return Column(column.name, Integer, nullable=False)
    key = column.name == ENCOUNTER_ID
    return Column(column.name, _Identifier, primary_key=key, autoincrement=False, nullable=False)


def prepared_table(metadata: MetaData, name: str, split: Split) -> Table:
    """A prepared split: row_id, batch_id (train only), patient, target (0 or 1), then one column a prepared field."""
    fields = [Column(field.name, _prepared_type(field.kind), nullable=False) for field in PREPARED_FIELDS]
    batch = [Column("batch_id", Integer, nullable=False)] if split == "train" else []
    return Table(
        name,
        metadata,
        Column("row_id", _Identifier, primary_key=True, autoincrement=False),
        *batch,
        Column("patient", _Identifier, nullable=False),
        Column("target", SmallInteger, nullable=False),
        *fields,
    )


def _prepared_type(kind: str) -> TypeEngine[float] | TypeEngine[str]:
    return Double() if kind == "number" else String(CATEGORY_LENGTH)
