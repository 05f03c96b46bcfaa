"""Whether there are encounters enough for the method, before a forest is grown of them."""

import math
from collections.abc import Iterator

import polars as pl

from readmission.errors import TooFewRowsError
from readmission.params import PrepareParams
from readmission.storage.contract_tables import SPLITS, Split

# Below this an outcome's figures are chance alone: a ROC-AUC on five of one outcome is uncertain by 0.2 and more.
LEAST_OF_EACH = 5


def check_enough(encounters: pl.DataFrame, params: PrepareParams) -> None:
    """Checks that each split of rows with `split` and `target` holds some of either outcome.

    Raises:
        TooFewRowsError: the message says how many there are, and about how many it takes.
    """
    lacking = list(_lacking(encounters))
    if lacking:
        raise TooFewRowsError(
            f"too few encounters: {'; '.join(lacking)}. Each of train, val and test needs {LEAST_OF_EACH} of either "
            f"outcome. {_advice(encounters, params)}"
        )


def _lacking(encounters: pl.DataFrame) -> Iterator[str]:
    for split in SPLITS:
        rows = encounters.filter(pl.col("split") == split)
        positives = int(rows["target"].sum())
        if min(positives, rows.height - positives) < LEAST_OF_EACH:
            yield f"{split} would hold {positives:,} readmitted and {rows.height - positives:,} not readmitted"


def _advice(encounters: pl.DataFrame, params: PrepareParams) -> str:
    """About how many encounters it takes, were they like those that are there."""
    there = f"there are {encounters.height:,}"
    rate = encounters["target"].mean() if encounters.height else None
    if not isinstance(rate, float) or not 0 < rate < 1:
        return f"Of either outcome some must be loaded; {there} that can be readmitted, all of one outcome"
    shares: dict[Split, int] = {"train": params.train_percent, "val": params.val_percent, "test": params.test_percent}
    expected = LEAST_OF_EACH / (min(rate, 1 - rate) * min(shares.values()) / 100)
    # As many are expected to be enough; twice as many, to be it in nearly every split.
    needed = max(math.ceil(2 * expected), encounters.height + 1)
    return f"That takes at least {needed:,} encounters that can be readmitted at these shares; {there}: load more"
