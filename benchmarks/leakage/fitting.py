"""Does what is fitted learn from anything but the outcomes of train?"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import polars as pl
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from benchmarks.leakage.found import Found
from readmission.features import TARGET_COLUMN
from readmission.model.forest import CalibratedForest, positive
from readmission.model.resampling import Resampled, interval
from readmission.storage.contract_tables import Split

Parts = Mapping[Split, pd.DataFrame]
# Raw encounters to the rows of each split; those rows to a fitted model.
Preparing = Callable[[pl.DataFrame], Parts]
Fitting = Callable[[Parts], Pipeline]
# A check that finds a leak in one of a hundred honest models, and not in one of twenty.
LEVEL = 0.99


def shuffled_target(raw: pl.DataFrame, prepared: Preparing, fit: Fitting, seed: int = 0) -> Found:
    """Whether a model finds outcomes that were shuffled among the raw encounters, so that nothing honest tells them."""
    parts = prepared(raw.with_columns(pl.col(TARGET_COLUMN).shuffle(seed=seed)))
    val = parts["val"]
    truth, score = val["target"].to_numpy() == 1, positive(fit(parts), val)
    measured = Resampled.of_patients(val["patient_nbr"]).roc_auc(truth, score)
    low, high = interval(measured, LEVEL)
    told = f"ROC-AUC {low:.3f} to {high:.3f} ({LEVEL:.0%}) on {len(val):,} rows of val, where 0.5 is chance"
    return Found("a shuffled target that is found", not low <= 0.5 <= high, told)


def train_alone(raw: pl.DataFrame, prepared: Preparing, fit: Fitting) -> Found:
    """Whether anything fitted changes, by a byte, when the encounters of val and test become others."""
    parts = prepared(raw)
    changed = prepared(_others(raw, pd.concat([parts["val"], parts["test"]])["patient_nbr"]))
    before, after = learned(fit(parts)), learned(fit(changed))
    rows = {"prepared rows": not parts["train"].equals(changed["train"])}
    differing = [name for name, differs in rows.items() if differs]
    differing += [name for name in before if before[name] != after[name]]
    told = f"the same bytes of {', '.join([*rows, *before])}"
    return Found("a fit on more than train", bool(differing), ", ".join(differing) or told)


def _others(raw: pl.DataFrame, patients: pd.Series) -> pl.DataFrame:
    """The raw encounters, with those of some patients shuffled in each column but the identifiers."""
    theirs = pl.col("patient_nbr").cast(pl.Int64).is_in(patients.unique().tolist())
    values = pl.exclude("encounter_id", "patient_nbr")
    return pl.concat([raw.filter(~theirs), raw.filter(theirs).with_columns(values.shuffle(seed=0))])


def learned(pipeline: Pipeline) -> dict[str, bytes]:
    """What a pipeline learned, as bytes: equal for equal models alone."""
    forest: CalibratedForest = pipeline["forest"]
    fitted = [step for _, step, _ in pipeline["columns"].transformers_]
    trees = [tree.tree_ for tree in forest.forest_.estimators_]
    platt = np.array([forest.calibration_slope_, forest.calibration_intercept_])
    return {
        "preprocessing": repr([_fitted(step) for step in fitted]).encode(),
        "trees": b"".join(tree.feature.tobytes() + tree.threshold.tobytes() + tree.value.tobytes() for tree in trees),
        "calibration": platt.tobytes(),
        "threshold": np.float64(forest.threshold_).tobytes(),
    }


def _fitted(step: object) -> dict[str, object]:
    """The values that a step of scikit-learn learned: their names end in an underscore."""
    return {name: _plain(value) for name, value in vars(step).items() if name.endswith("_")}


def _plain(value: object) -> object:
    if isinstance(value, BaseEstimator):
        return _fitted(value)
    return [_plain(part) for part in value] if isinstance(value, list) else np.asarray(value).tolist()
