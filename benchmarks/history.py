"""What a version gains where it is told of a patient's earlier stays, on rows that one without is measured on, too.

Patients whose order of stays contradicts itself are left out of both: half of what they seem to add comes from later.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from rich.table import Table

from benchmarks.votes import batches_of, hashed, voted
from readmission.clean.cleaning import clean
from readmission.clean.history import without_history
from readmission.model.forest import positive
from readmission.model.resampling import Flags, Floats, Resampled, interval
from readmission.params import ForestParams, PrepareParams

Subject = tuple[str, str]
# Of a split's test rows: all, and those of patients of whom an earlier stay is known.
GROUPS = ("all", "with an earlier stay")
# Against the vote without history: the one with it, and that asked as if no earlier stay were known.
ASKED = ("told", "blank")


class Gain(NamedTuple):
    """ROC-AUC without history, what history adds to it, and what it adds in each resample of the patients."""

    without: float
    added: float
    drawn: Floats


def history_table(raw: pl.DataFrame, seeds: Sequence[int], params: ForestParams) -> Table:
    """What history adds to the vote's ROC-AUC on test rows: the mean of the splits, with its 95 % interval."""
    cleaned = clean(raw.lazy(), "lt30", history=True).collect()
    measured = [_gains(hashed(cleaned, PrepareParams(seed=seed)), params) for seed in seeds]
    table = Table("test rows", "history is", "without", "with", "difference (95 %, paired over patients)")
    for subject in measured[0]:
        gains = zip(*(one[subject] for one in measured), strict=True)
        without, added, drawn = (np.mean(each, axis=0) for each in gains)
        low, high = interval(drawn)
        told = f"{added:+.4f} ({low:+.4f} to {high:+.4f})"
        table.add_row(*subject, f"{without:.4f}", f"{without + added:.4f}", told)
    return table


def _gains(rows: pl.DataFrame, params: ForestParams) -> Mapping[Subject, Gain]:
    """Of each group and way to ask what one split's votes say."""
    train, test = (rows.filter(pl.col("split") == split) for split in ("train", "test"))
    batches = batches_of(train, PrepareParams())
    without, told = (voted(batches, params, history=history)[1] for history in (False, True))
    as_told, blank = test.to_pandas(), without_history(test.lazy()).collect().to_pandas()
    before, after = positive(without, as_told), [positive(told, asked) for asked in (as_told, blank)]
    truth, drawn = as_told["target"].to_numpy() == 1, Resampled.of_patients(as_told["patient"])
    members = (np.ones(len(truth), dtype=bool), as_told["previous_stays"].to_numpy() > 0)
    return {
        (group, asked): _gain(truth[chosen], before[chosen], answers[chosen], drawn.of(chosen))
        for group, chosen in zip(GROUPS, members, strict=True)
        for asked, answers in zip(ASKED, after, strict=True)
    }


def _gain(truth: Flags, before: Floats, after: Floats, drawn: Resampled) -> Gain:
    whole = Resampled(np.ones((1, len(truth)), dtype=np.float32))
    without, added = (float(whole.roc_auc(truth, score)[0]) for score in (before, after))
    return Gain(without, added - without, drawn.roc_auc(truth, after) - drawn.roc_auc(truth, before))
