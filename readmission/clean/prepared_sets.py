"""`CLEAN_DATA.prepared_sets`: what the prepared tables hold, and how it came about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
import polars as pl
from sqlalchemy import Connection, MetaData, Row, Table, insert, select, update

from connections import tables as fixed
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.clock import now
from readmission.code_version import fingerprint
from readmission.errors import NothingPreparedError
from readmission.features import CONTRACT_VERSION
from readmission.params import PrepareParams
from readmission.raw.ingest import Load
from readmission.storage.contract_tables import SPLITS, Split, prepared_name, prepared_table
from readmission.storage.rows import read_table
from readmission.storage.table_swap import hold, take_back

TABLES = (*(prepared_name(split) for split in SPLITS), fixed.encounters.name)


@dataclass(frozen=True)
class PreparedSet:
    """A row of `prepared_sets`. `rows` counts train, val and test; `batches` the rows of each batch."""

    prepared_id: int
    created_at: datetime
    load_id: int
    source_sha256: str
    dataset: str
    params: PrepareParams
    rows: dict[str, int]
    contract_version: str
    fingerprint: str
    batches: dict[int, int] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """What tells its tables from those of a set that was never recorded."""
        return _mark(self.prepared_id)

    @property
    def table_rows(self) -> dict[str, int]:
        """How many rows each of its tables has."""
        return dict(zip(TABLES, (*self.rows.values(), sum(self.rows.values())), strict=True))


def current(settings: Settings) -> PreparedSet:
    """The prepared set that training would use now.

    Raises:
        NothingPreparedError: there is none, it follows another contract, or the tables hold something else.
    """
    recorded = _recorded(settings)
    if recorded is None:
        raise NothingPreparedError("there is no prepared data set; run the DAG preprocesar_datos first")
    if recorded.contract_version != CONTRACT_VERSION:
        raise NothingPreparedError(
            f"prepared set {recorded.prepared_id} follows contract {recorded.contract_version}, and this code "
            f"{CONTRACT_VERSION}; run the DAG preprocesar_datos again"
        )
    if not hold(engine_for(settings, "CLEAN_DATA"), recorded.table_rows, recorded.mark):
        raise NothingPreparedError(
            f"the tables of CLEAN_DATA are not those of prepared set {recorded.prepared_id}: a preparation broke off, "
            "or they were changed; run the DAG preprocesar_datos again"
        )
    return recorded


def take_back_unrecorded(settings: Settings) -> None:
    """Gives the tables back to the recorded set, if a preparation that broke off replaced them unrecorded."""
    recorded = _recorded(settings)
    if recorded is not None:
        take_back(engine_for(settings, "CLEAN_DATA"), TABLES, recorded.mark)


def _recorded(settings: Settings) -> PreparedSet | None:
    record = fixed.prepared_sets
    with engine_for(settings, "CLEAN_DATA").connect() as connection:
        row = connection.execute(select(record).where(record.c.current)).one_or_none()
    return None if row is None else _prepared_set(row)


def _mark(prepared_id: int) -> str:
    return f"prepared set {prepared_id}"


def tables() -> list[Table]:
    """The tables of a prepared set, as the contract has them now, in the order of `TABLES`."""
    metadata = MetaData()
    splits = [prepared_table(metadata, prepared_name(split), split) for split in SPLITS]
    return [*splits, fixed.encounters]


def _prepared_set(row: Row[Any]) -> PreparedSet:
    counts: Mapping[str, Any] = row.rows
    return PreparedSet(
        prepared_id=row.prepared_id,
        created_at=row.created_at,
        load_id=row.load_id,
        source_sha256=row.source_sha256,
        dataset=row.dataset,
        params=PrepareParams(**row.params),
        rows={split: counts[split] for split in SPLITS},
        contract_version=row.contract_version,
        fingerprint=row.fingerprint,
        batches={int(batch): rows for batch, rows in counts["batches"].items()},
    )


def set_fingerprint(load: Load, params: PrepareParams) -> str:
    """What two prepared sets share when their load, params and code are the same."""
    return fingerprint(load_id=load.load_id, sha256=load.sha256, params=params.model_dump(), contract=CONTRACT_VERSION)


def record(batched: pl.DataFrame, params: PrepareParams, load: Load, connection: Connection) -> str:
    """Makes rows with `split` and `batch_id` the current set, in the caller's transaction; gives the set's mark."""
    counts: dict[str, Any] = dict.fromkeys(SPLITS, 0)
    counts |= batched.group_by("split").len().iter_rows()
    counts["batches"] = dict(batched.drop_nulls("batch_id").group_by("batch_id").len().sort("batch_id").iter_rows())
    values = {
        "created_at": now(),
        "load_id": load.load_id,
        "source_sha256": load.sha256,
        "dataset": load.dataset,
        "target": params.target,
        "params": params.model_dump(),
        "rows": counts,
        "contract_version": CONTRACT_VERSION,
        "fingerprint": set_fingerprint(load, params),
        "current": True,
    }
    connection.execute(update(fixed.prepared_sets).values(current=False))
    key = connection.execute(insert(fixed.prepared_sets).values(**values)).inserted_primary_key
    assert key is not None
    return _mark(key[0])


def read_split(settings: Settings, split: Split, batch_id: int | None = None) -> pd.DataFrame:
    """A split's prepared rows, or one batch of train."""
    table = prepared_table(MetaData(), prepared_name(split), split)
    where = None if batch_id is None else table.c.batch_id == batch_id
    return read_table(engine_for(settings, "CLEAN_DATA"), table, where).to_pandas()
