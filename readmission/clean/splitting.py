"""Splits by patient, never by encounter, and cuts the training rows into batches.

A seeded hash of `patient_nbr` decides the split, so a patient never crosses and new data never moves old.
"""

import hashlib

import polars as pl

from readmission.params import PrepareParams

_TWO_64 = 2.0**64


def patient_hash(patient_nbr: int, seed: int) -> int:
    """64 bits of SHA-256 over the seed and the patient: the same in every process and version of Python."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{patient_nbr}".encode()).digest()[:8], "big")


def with_split(encounters: pl.DataFrame, params: PrepareParams) -> pl.DataFrame:
    """Adds `patient_hash` (UInt64) and `split` ("train", "val" or "test") to rows with `patient_nbr`."""
    patients = encounters.select(pl.col("patient_nbr").unique())
    hashes = [patient_hash(patient, params.seed) for patient in patients["patient_nbr"]]
    share = pl.col("patient_hash") / _TWO_64 * 100
    split = (
        pl.when(share < params.train_percent)
        .then(pl.lit("train"))
        .when(share < params.train_percent + params.val_percent)
        .then(pl.lit("val"))
        .otherwise(pl.lit("test"))
    )
    hashed = patients.with_columns(pl.Series("patient_hash", hashes, dtype=pl.UInt64))
    return encounters.join(hashed, on="patient_nbr").with_columns(split.alias("split"))


def with_batches(train: pl.DataFrame, assigned: pl.DataFrame, batch_size: int) -> pl.DataFrame:
    """Adds `batch_id` (1, 2, ...) to training rows, ordered by patient hash, then encounter.

    `assigned` (`encounter_id`, `batch_id`) holds batches given before: they stay. New rows fill the last open batch,
    then open new ones. At most one patient straddles a cut of the same preparation.
    """
    ordered = train.sort("patient_hash", "encounter_id").join(assigned, on="encounter_id", how="left")
    known = ordered.filter(pl.col("batch_id").is_not_null())
    last = int(known["batch_id"].max() or 1)  # type: ignore[arg-type]
    filled = (last - 1) * batch_size + known.filter(pl.col("batch_id") == last).height
    new = ordered.filter(pl.col("batch_id").is_null()).drop("batch_id").with_row_index("place")
    numbered = new.with_columns(((pl.col("place") + filled) // batch_size + 1).cast(pl.Int64).alias("batch_id"))
    return pl.concat([known, numbered.drop("place").select(known.columns)])
