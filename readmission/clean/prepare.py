"""Fills `CLEAN_DATA` from `RAW_DATA.initial_data`: cleaned, split by patient and cut into batches."""

import logging
from functools import partial

import polars as pl
from sqlalchemy import MetaData

from connections import tables as fixed
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from readmission.clean import prepared_sets
from readmission.clean.cleaning import clean
from readmission.clean.enough import check_enough
from readmission.clean.history import tell_left_out
from readmission.clean.prepared_sets import PreparedSet
from readmission.clean.splitting import with_batches, with_split
from readmission.errors import InUseError, NothingLoadedError, NothingPreparedError
from readmission.features import CONTRACT_VERSION
from readmission.params import PrepareParams
from readmission.raw import ingest
from readmission.raw.ingest import Load
from readmission.storage import leases
from readmission.storage.contract_tables import SPLITS, initial_data_table
from readmission.storage.rows import read_table, send
from readmission.storage.table_swap import Record, staged, swap

logger = logging.getLogger(__name__)

_ASSIGNED = {"encounter_id": pl.Int64, "batch_id": pl.Int64, "load_id": pl.Int64}


def prepare(settings: Settings, params: PrepareParams) -> PreparedSet:
    """Replaces the prepared set by a new one made of the current load.

    Raises:
        NothingLoadedError: no load has succeeded yet.
        TooFewRowsError: a split would hold too few of one outcome; what was there stays.
        InUseError: a training is using the present set, or a load replaced the encounters meanwhile.
        LockTakenError: another preparation is running.
    """
    engine = engine_for(settings, "CLEAN_DATA")
    with database_lock(engine, leases.PREPARED_SET):
        leases.check_free(engine, leases.PREPARED_SET)
        prepared_sets.take_back_unrecorded(settings)
        load = _current_load(settings)
        logger.info("preparing load %s (%s rows) with %s", load.load_id, f"{load.rows:,}", params)
        split = with_split(_cleaned(settings, params, load), params)
        check_enough(split, params)
        batched = _batched(settings, split, params, load)
        _replace(settings, batched, partial(prepared_sets.record, batched, params, load))
    prepared = prepared_sets.current(settings)
    logger.info("prepared set %s: %s, batches %s", prepared.prepared_id, prepared.rows, prepared.batches)
    return prepared


def is_current(settings: Settings, params: PrepareParams) -> bool:
    """Whether the present set was made of the current load with these params and this code."""
    try:
        expected = prepared_sets.set_fingerprint(_current_load(settings), params)
        return prepared_sets.current(settings).fingerprint == expected
    except (NothingLoadedError, NothingPreparedError):
        return False


def _current_load(settings: Settings) -> Load:
    load = ingest.current_load(settings)
    if load is None:
        raise NothingLoadedError("RAW_DATA.initial_data holds no load; run the DAG cargar_datos first")
    return load


def _cleaned(settings: Settings, params: PrepareParams, load: Load) -> pl.DataFrame:
    raw = read_table(engine_for(settings, "RAW_DATA"), initial_data_table(MetaData()))
    if _current_load(settings) != load:
        raise InUseError("RAW_DATA.initial_data was replaced while it was read; run again")
    if params.history:
        tell_left_out(raw)
    cleaned = clean(raw.lazy(), params.target, history=params.history).collect()
    logger.info("kept %s of %s encounters", f"{cleaned.height:,}", f"{raw.height:,}")
    return cleaned


def _batched(settings: Settings, split: pl.DataFrame, params: PrepareParams, load: Load) -> pl.DataFrame:
    """All rows with `split`, `batch_id` (train only), `load_id`, `row_id` and `patient`, in table order.

    `patient` tells rows of the same patient by a number of this prepared set alone, which leads back to nobody.
    """
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
        .with_columns(
            pl.int_range(1, pl.len() + 1).over("split").alias("row_id"),
            pl.col("patient_hash").rank("dense").cast(pl.Int64).alias("patient"),
        )
    )


def _assigned_before(settings: Settings, params: PrepareParams) -> pl.DataFrame:
    """Encounters whose batch stays: those of the present set, if it was split and batched the same way."""
    try:
        before = prepared_sets.current(settings)
    except NothingPreparedError:
        return pl.DataFrame(schema=_ASSIGNED)
    same = (before.params.split_key, before.params.batch_size, before.contract_version)
    if same != (params.split_key, params.batch_size, CONTRACT_VERSION):
        return pl.DataFrame(schema=_ASSIGNED)
    return read_table(engine_for(settings, "CLEAN_DATA"), fixed.encounters).select(*_ASSIGNED)


def _replace(settings: Settings, batched: pl.DataFrame, record: Record) -> None:
    """Writes the four tables beside the present ones and swaps them in at once, with their record."""
    engine = engine_for(settings, "CLEAN_DATA")
    contents = [*(batched.filter(pl.col("split") == split) for split in SPLITS), batched]
    with staged(engine, prepared_sets.tables()) as tables:
        for table, rows in zip(tables, contents, strict=True):
            send(engine, table, [rows.select(table.columns.keys())])
        swap(engine, prepared_sets.TABLES, record)
