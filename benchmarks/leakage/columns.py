"""Does a column tell the outcome, or what is only known later?"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import polars as pl
from sklearn.metrics import roc_auc_score

from benchmarks.leakage.found import Found

# Raw encounters to rows of `encounter_id`, `patient_nbr`, `target` and the fields.
Cleaning = Callable[[pl.LazyFrame], pl.DataFrame]
# More than one column can know alone. The strongest honest one, earlier inpatient stays, has a ROC-AUC of 0.60.
MOST_ROC_AUC = 0.75
# Where so many rows have the highest value of a column, a larger share of them is not readmitted by itself.
LEAST_ROWS, MOST_READMITTED = 50, 0.75
# Of a number with how many encounters a patient has.
MOST_CORRELATION = 0.9
_NO_FIELDS = ("encounter_id", "patient_nbr", "target")


def target_derived(columns: pd.DataFrame, target: pd.Series) -> Found:
    """Whether one column alone ranks the outcomes, or its highest value marks readmitted rows.

    Args:
        columns: shape (rows, columns), numbers and one-hot columns as the forest gets them.
        target: shape (rows,), 0 or 1.
    """
    alone = _alone(columns, target)
    apart = (alone - 0.5).abs()
    marks = (name for name in columns.columns if _marks(columns[name], target))
    telling = [str(name) for name in dict.fromkeys((*apart.index[apart > MOST_ROC_AUC - 0.5], *marks))]
    strongest = str(apart.idxmax())
    told = f"the strongest of {len(alone)}: {strongest}, ROC-AUC {alone[strongest]:.3f}"
    return Found("a column derived from the target", bool(telling), _named(telling) or told)


def _alone(columns: pd.DataFrame, target: pd.Series) -> pd.Series:
    """The ROC-AUC of each column by itself; of one-hot columns it follows from two shares."""
    readmitted, others = (columns[target == outcome].mean() for outcome in (1, 0))
    alone = 0.5 + (readmitted - others) / 2
    for name in columns.columns[~columns.isin((0, 1)).all()]:
        alone[name] = roc_auc_score(target, columns[name])
    return alone


def _marks(column: pd.Series, target: pd.Series) -> bool:
    highest = target[column == column.max()]
    return len(highest) >= LEAST_ROWS and float(highest.mean()) > MOST_READMITTED


def later_encounters(raw: pl.DataFrame, clean: Cleaning) -> Found:
    """Whether a field of an encounter changes when the patient's later encounters are taken out of the file."""
    number = pl.col("encounter_id").cast(pl.Int64)
    first, earlier = number == number.min().over("patient_nbr"), number <= number.median()
    whole = clean(raw.lazy())
    changed = {name for kept in (first, earlier) for name in _differing(whole, clean(raw.filter(kept).lazy()))}
    told = f"none of {len(whole.columns) - len(_NO_FIELDS)} fields changes without the later encounters"
    return Found("a column of later encounters", bool(changed), _named(sorted(changed)) or told)


def _differing(whole: pl.DataFrame, alone: pl.DataFrame) -> Iterator[str]:
    """The fields in which encounters differ from themselves among all others."""
    both = alone.join(whole, on="encounter_id", suffix=" among all")
    if both.height < alone.height:
        yield "whether an encounter is kept"
    for name in alone.columns:
        if name not in _NO_FIELDS and not both[name].equals(both[f"{name} among all"].alias(name)):
            yield name


def total_encounters(cleaned: pl.DataFrame) -> Found:
    """Whether a number counts the patient's encounters, all or those that come, whatever file it came from."""
    counted = cleaned.sort("encounter_id").select(
        *(name for name in cleaned.columns if name not in _NO_FIELDS and cleaned[name].dtype.is_numeric()),
        pl.len().over("patient_nbr").alias("all encounters"),
        (pl.len() - pl.int_range(pl.len())).over("patient_nbr").alias("encounters to come"),
    )
    found = np.abs(counted.to_pandas().corr(method="spearman").to_numpy()[:-2, -2:]).max(axis=1)
    closest = pd.Series(found, index=counted.columns[:-2]).dropna()
    counting = [str(name) for name in closest.index[closest > MOST_CORRELATION]]
    told = f"the closest to it: {closest.idxmax()}, rank correlation {closest.max():.2f}"
    return Found("a count of all encounters", bool(counting), _named(counting) or told)


def _named(columns: list[str]) -> str:
    return ", ".join(columns)
