"""What more batches add: how good the vote of the first of them is."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure
from sklearn.pipeline import Pipeline

from readmission.model.evaluation import Scores, evaluate
from readmission.model.forest import positive
from readmission.model.resampling import Resampled
from readmission.model.vote import LEAST_FORESTS, vote_of

_FIGURES = {"roc_auc": "ROC-AUC", "f1": "F1"}


@dataclass(frozen=True)
class Point:
    """The vote of the first `batches`, trained on `rows` in all, on validation rows."""

    batches: int
    rows: int
    val: Scores


def learning_curve(
    pipelines: Sequence[Pipeline], batches: Sequence[pd.DataFrame], vote: Pipeline, val: pd.DataFrame
) -> list[Point]:
    """The votes of the first batch, of the first half and of all, on prepared rows that none of them saw.

    Args:
        pipelines: fitted, one a batch.
        batches: the prepared rows that each was trained on, in the same order.
        vote: that of all of them.
        val: prepared rows with `target` and `patient`.
    """
    count = len(pipelines)
    # Each row is scored by all other forests: votes of every number would take as long as their sum of squares.
    fewer = sorted({1, count // 2} - {0, count})
    votes = {number: _vote(pipelines[:number], batches[:number]) for number in fewer}
    drawn = Resampled.of_patients(val["patient"])
    return [
        Point(number, sum(map(len, batches[:number])), _scores(model, val, drawn))
        for number, model in (votes | {count: vote}).items()
    ]


def _vote(pipelines: Sequence[Pipeline], batches: Sequence[pd.DataFrame]) -> Pipeline:
    return vote_of(pipelines, batches) if len(pipelines) >= LEAST_FORESTS else pipelines[0]


def _scores(model: Pipeline, val: pd.DataFrame, drawn: Resampled) -> Scores:
    return evaluate(val["target"].to_numpy(), positive(model, val), model["forest"].threshold_, drawn)


def curve_drawn(points: Sequence[Point]) -> Figure:
    """ROC-AUC and F1 over the training rows, with their 95 % intervals."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    rows = [point.rows for point in points]
    for axis, (name, label) in zip(figure.subplots(1, len(_FIGURES)), _FIGURES.items(), strict=True):
        axis.plot(rows, [getattr(point.val, name) for point in points], marker="o")
        ends = [point.val.intervals[name] for point in points]
        axis.fill_between(rows, [low for low, _ in ends], [high for _, high in ends], alpha=0.2)
        axis.set(title=f"val: {label}", xlabel="training rows of the vote")
    return figure
