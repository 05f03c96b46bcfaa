"""How far out-of-bag and validation may be apart depends on how many rows they were measured on."""

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from readmission.errors import TrainingError
from readmission.model.evaluation import Scores
from readmission.model.forest import CalibratedForest
from readmission.training.batch_results import check_out_of_bag
from readmission.training.mlflow_runs import BatchResult


def compared(out_of_bag: float, validation: float, train_rows: int, val_rows: int) -> None:
    forest = cast(CalibratedForest, SimpleNamespace(out_of_bag_roc_auc_=out_of_bag))
    scores = Scores(val_rows, 0.8, 0.2, 0.4, 0.27, validation, 0.2, 0.09, 0.1, 0.1, 0.01, {})
    result = BatchResult("run", "1", train_rows, 0.15, scores, scores)
    data: Any = {split: rows(count) for split, count in (("train", train_rows), ("val", val_rows))}
    check_out_of_bag(forest, result, data)


def rows(count: int) -> pd.DataFrame:
    """As many rows, of which 11 % were readmitted."""
    return pd.DataFrame({"target": [1] * round(0.11 * count) + [0] * (count - round(0.11 * count))})


def test_a_thousand_encounters_are_not_refused_for_what_chance_does() -> None:
    compared(0.66, 0.53, train_rows=806, val_rows=97)


@pytest.mark.parametrize(("train_rows", "val_rows", "apart"), [(15_000, 9_900, 0.07), (806, 97, 0.3)])
def test_what_chance_does_not_explain_is_refused_with_the_rows(train_rows: int, val_rows: int, apart: float) -> None:
    told = (
        rf"\(of {train_rows:,} rows\) and validation .* \(of {val_rows:,}\) differ by {apart:.3f}, more than 0.04 and"
    )
    with pytest.raises(TrainingError, match=told):
        compared(0.68, 0.68 - apart, train_rows, val_rows)
