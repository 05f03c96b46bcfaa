"""Fills `CLEAN_DATA` from `RAW_DATA.initial_data`: cleaned, split by patient and cut into batches."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl
from sqlalchemy import Connection, MetaData, Row, insert, select, update

from connections import tables as fixed
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from readmission import bulk, ingest, leases
from readmission.cleaning import clean
from readmission.errors import NothingLoadedError, NothingPreparedError
from readmission.features import CONTRACT_VERSION
from readmission.frames import read_table
from readmission.ingest import Load
from readmission.params import PrepareParams
from readmission.code_version import fingerprint
from readmission.splitting import with_batches, with_split
from readmission.table_swap import Finish, drop_leftovers, staging_name, swap
from readmission.tables import SPLITS, initial_data_table, prepared_name, prepared_table

logger = logging.getLogger(__name__)

_REPLACED = (*(prepared_name(split) for split in SPLITS), fixed.encounters.name)
_ASSIGNED = {"encounter_id": pl.Int64, "batch_id": pl.Int64, "load_id": pl.Int64}


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


def prepare(settings: Settings, params: PrepareParams) -> PreparedSet:
    """Replaces the prepared set by a new one made of the current load.

    Raises:
        NothingLoadedError: no load has succeeded yet.
        InUseError: a training is using the present set.
        LockTakenError: another preparation is running.
    """
    engine = engine_for(settings, "CLEAN_DATA")
    with database_lock(engine, leases.PREPARED_SET):
        leases.check_free(engine, leases.PREPARED_SET)
        load = _current_load(settings)
        logger.info("preparing load %s (%s rows) with %s", load.load_id, f"{load.rows:,}", params)
        split = with_split(_cleaned(settings, params), params)
        batched = _batched(settings, split, params, load)
        _replace(settings, batched, partial(_record, batched, params, load))
    prepared = current(settings)
    logger.info("prepared set %s: %s, batches %s", prepared.prepared_id, prepared.rows, prepared.batches)
    return prepared


def is_current(settings: Settings, params: PrepareParams) -> bool:
    """Whether the present set was made of the current load with these params and this code."""
    try:
        return current(settings).fingerprint == _fingerprint(_current_load(settings), params)
    except (NothingLoadedError, NothingPreparedError):
        return False


def _fingerprint(load: Load, params: PrepareParams) -> str:
    return fingerprint(
        load_id=load.load_id, sha256=load.sha256, params=params.model_dump(), contract=CONTRACT_VERSION
    )


def current(settings: Settings) -> PreparedSet:
    """The prepared set that training would use now.

    Raises:
        NothingPreparedError: there is none.
    """
    record = fixed.prepared_sets
    with engine_for(settings, "CLEAN_DATA").connect() as connection:
        row = connection.execute(select(record).where(record.c.current)).one_or_none()
    if row is None:
        raise NothingPreparedError("there is no prepared data set; run the DAG preprocesar_datos first")
    return _prepared_set(row)


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


def _current_load(settings: Settings) -> Load:
    load = ingest.current_load(settings)
    if load is None:
        raise NothingLoadedError("RAW_DATA.initial_data holds no load; run the DAG cargar_datos first")
    return load


def _cleaned(settings: Settings, params: PrepareParams) -> pl.DataFrame:
    raw = read_table(engine_for(settings, "RAW_DATA"), initial_data_table(MetaData()))
    cleaned = clean(raw.lazy(), params.target).collect()
    logger.info("kept %s of %s encounters", f"{cleaned.height:,}", f"{raw.height:,}")
    return cleaned


def _batched(settings: Settings, split: pl.DataFrame, params: PrepareParams, load: Load) -> pl.DataFrame:
    """All rows with `split`, `batch_id` (train only), `load_id` and `row_id`, in table order."""
    known = _assigned_before(settings, params)
    train = with_batches(
        split.filter(pl.col("split") == "train"), known.select("encounter_id", "batch_id"), params.batch_size
    )
    others = split.filter(pl.col("split") != "train").with_columns(pl.lit(None, dtype=pl.Int64).alias("batch_id"))
    return (
        pl.concat([train, others.select(train.columns)])
        .join(known.select("encounter_id", "load_id"), on="encounter_id", how="left")
        .with_columns(pl.col("load_id").fill_null(load.load_id))
        .sort("split", "batch_id", "patient_hash", "encounter_id")
        .with_columns(pl.int_range(1, pl.len() + 1).over("split").alias("row_id"))
    )


def _assigned_before(settings: Settings, params: PrepareParams) -> pl.DataFrame:
    """Encounters whose batch stays: those of the present set, if it was split and batched the same way."""
    try:
        before = current(settings)
    except NothingPreparedError:
        return pl.DataFrame(schema=_ASSIGNED)
    same = (before.params.split_key, before.params.batch_size, before.contract_version)
    if same != (params.split_key, params.batch_size, CONTRACT_VERSION):
        return pl.DataFrame(schema=_ASSIGNED)
    return read_table(engine_for(settings, "CLEAN_DATA"), fixed.encounters).select(_ASSIGNED)


def _replace(settings: Settings, batched: pl.DataFrame, finish: Finish) -> None:
    """Writes the four tables beside the present ones and swaps them in at once; `finish` records it."""
    engine = engine_for(settings, "CLEAN_DATA")
    staging = MetaData()
    contents = {
        prepared_table(staging, staging_name(prepared_name(split)), split): batched.filter(pl.col("split") == split)
        for split in SPLITS
    }
    contents[fixed.encounters.to_metadata(staging, name=staging_name(fixed.encounters.name))] = batched
    drop_leftovers(engine, _REPLACED)
    try:
        for table, rows in contents.items():
            table.create(engine)
            bulk.send(engine, table, [rows.select(table.columns.keys())])
        swap(engine, _REPLACED, finish)
    finally:
        drop_leftovers(engine, _REPLACED)


def _record(batched: pl.DataFrame, params: PrepareParams, load: Load, connection: Connection) -> None:
    by_split = dict(batched.group_by("split").len().iter_rows())
    by_batch = dict(batched.drop_nulls("batch_id").group_by("batch_id").len().sort("batch_id").iter_rows())
    values = {
        "created_at": leases.now(),
        "load_id": load.load_id,
        "source_sha256": load.sha256,
        "dataset": load.dataset,
        "target": params.target,
        "params": params.model_dump(),
        "rows": {**{split: by_split.get(split, 0) for split in SPLITS}, "batches": by_batch},
        "contract_version": CONTRACT_VERSION,
        "fingerprint": _fingerprint(load, params),
        "current": True,
    }
    connection.execute(update(fixed.prepared_sets).values(current=False))
    connection.execute(insert(fixed.prepared_sets).values(**values))
