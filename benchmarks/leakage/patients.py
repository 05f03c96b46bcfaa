"""Does a patient stand on one side of the split alone?"""

from collections.abc import Callable

import polars as pl

from benchmarks.leakage.found import Found

# Adds `split` to rows with `patient_nbr` and `encounter_id`.
Splitting = Callable[[pl.DataFrame], pl.DataFrame]


def patients_apart(rows: pl.DataFrame) -> Found:
    """Whether a patient has rows in two splits: rows with `patient_nbr` and `split`."""
    splits = rows.group_by("patient_nbr").agg(pl.col("split").n_unique())
    shared = splits.filter(pl.col("split") > 1)
    beyond = rows.filter(pl.col("split") != "train")
    known = beyond.join(shared, on="patient_nbr", how="semi").height / max(beyond.height, 1)
    told = f"{shared.height:,} of {splits.height:,} patients; {known:.1%} of the rows of val and test"
    return Found("a patient in two splits", shared.height > 0, told)


def split_by_patient(cleaned: pl.DataFrame, split: Splitting) -> Found:
    """Whether the split of a patient depends on encounters: half of the rows are split again, in another order and
    under other encounter ids."""
    half = cleaned.sample(fraction=0.5, shuffle=True, seed=0).with_columns(pl.col("encounter_id") + 1)
    before, after = (_of_patients(split(rows)) for rows in (cleaned, half))
    moved = before.join(after, on="patient_nbr").filter(pl.col("split") != pl.col("split_right")).height
    told = f"{moved:,} of {after.height:,} patients move when they have other encounters"
    return Found("a split by encounter", moved > 0, told)


def _of_patients(rows: pl.DataFrame) -> pl.DataFrame:
    """The splits of each patient, as one text."""
    return rows.group_by("patient_nbr").agg(pl.col("split").unique().sort().str.join(" "))
