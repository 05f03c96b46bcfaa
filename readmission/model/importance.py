"""What a model goes by over many rows: the mean size of each field's contribution to the risk."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from readmission.features import BY_NAME
from readmission.inference import Scorer
from readmission.model.serving_files import asked_of

SAMPLE, SEED = 2_000, 0
_DRAWN = 20


def importance(served: Scorer, rows: pd.DataFrame) -> dict[str, Any]:
    """`importance.json`: the mean absolute contribution of each field, in probability, the largest first.

    Args:
        served: a version's own files, which explain its answers.
        rows: prepared rows that it was not trained on; a seeded sample of 2,000 is explained where there are more.
    """
    assert served.attribution is not None
    sample = rows.sample(min(SAMPLE, len(rows)), random_state=SEED)
    matrix = served.matrix(asked_of(served, sample))
    base, by_field = served.attribution.explain(matrix, served.of_matrix(matrix))
    mean = dict(zip(served.attribution.fields, np.abs(by_field).mean(axis=0).tolist(), strict=True))
    return {"rows": len(sample), "base": base, "mean_absolute_contribution": dict(sorted(mean.items(), key=_size))}


def drawn(found: dict[str, Any]) -> Figure:
    """The largest of them as bars, in points of probability."""
    largest = list(found["mean_absolute_contribution"].items())[:_DRAWN][::-1]
    figure = Figure(figsize=(6, 6), layout="constrained")
    axis = figure.add_subplot()
    axis.barh([BY_NAME[name].texts.label.en for name, _ in largest], [size * 100 for _, size in largest])
    axis.set_xlabel("mean absolute contribution to the risk, in points")
    axis.set_title(f"importance of fields over {found['rows']:,} validation rows")
    return figure


def _size(each: tuple[str, float]) -> float:
    return -each[1]
