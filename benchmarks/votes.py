"""Votes made of cleaned encounters as the DAGs make them, and their figures with intervals."""

from collections.abc import Sequence

import pandas as pd
import polars as pl
from rich.table import Table
from sklearn.pipeline import Pipeline

from readmission.clean.splitting import with_batches, with_split
from readmission.model.evaluation import Scores
from readmission.model.learning_curve import Point
from readmission.model.vote import vote_of
from readmission.params import ForestParams, PrepareParams
from readmission.scoring.engines import cores
from readmission.training.batches import fit

TOLD = ("roc_auc", "f1")


def hashed(cleaned: pl.DataFrame, params: PrepareParams) -> pl.DataFrame:
    """With the split, and the number by which rows of the same patient are told."""
    return with_split(cleaned, params).with_columns(pl.col("patient_hash").rank("dense").alias("patient"))


def batches_of(train: pl.DataFrame, params: PrepareParams) -> list[pd.DataFrame]:
    """Training rows with `patient_hash`, cut into batches."""
    none = pl.DataFrame(schema={"encounter_id": pl.Int64, "batch_id": pl.Int64})
    batched = with_batches(train, none, params.batch_size)
    return [part.to_pandas() for part in batched.partition_by("batch_id", maintain_order=True)]


def voted(
    batches: Sequence[pd.DataFrame], params: ForestParams, *, history: bool = False
) -> tuple[list[Pipeline], Pipeline]:
    """Each batch's pipeline, and the vote of all."""
    pipelines = [fit(params, cores(), {"train": rows}, history=history) for rows in batches]
    return pipelines, vote_of(pipelines, batches)


def with_ends(scores: Scores) -> list[str]:
    """ROC-AUC and F1, with the ends of their 95 % intervals."""
    return ["{:.4f} ({:.4f}-{:.4f})".format(getattr(scores, name), *scores.intervals[name]) for name in TOLD]


def curve_table(points: Sequence[Point]) -> Table:
    """The learning curve, a row a point."""
    table = Table("batches", "training rows", "val ROC-AUC", "val F1")
    for point in points:
        table.add_row(str(point.batches), f"{point.rows:,}", *with_ends(point.val))
    return table
