"""The soft vote of a training's forests, as one forest of all their trees: served and kept like any other."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from readmission.model.forest import CalibratedForest, inputs

# A vote of fewer is the forest itself.
LEAST_FORESTS = 2


def vote_of(pipelines: Sequence[Pipeline], batches: Sequence[pd.DataFrame]) -> Pipeline:
    """The pipelines as one whose forest has the trees of each of theirs, which are as many.

    Calibration and threshold come from what each batch's rows get from the forests of the *other* batches: each row is
    scored by trees that did not see it.

    Args:
        pipelines: fitted, at least two, one a batch.
        batches: the prepared rows that each was trained on, in the same order.
    """
    votes = np.concatenate(list(_votes_of_others(pipelines, batches)))
    truth = np.concatenate([rows["target"].to_numpy() for rows in batches])
    first = pipelines[0]
    forest = CalibratedForest(**first["forest"].get_params())
    forest.forest_ = _joined(pipelines)
    return Pipeline([("columns", first["columns"]), ("forest", forest.calibrate(votes, truth))])


def _votes_of_others(pipelines: Sequence[Pipeline], batches: Sequence[pd.DataFrame]) -> Iterator[NDArray[np.float64]]:
    for mine, rows in enumerate(batches):
        others = [pipeline for place, pipeline in enumerate(pipelines) if place != mine]
        yield np.mean([_share(pipeline, rows) for pipeline in others], axis=0)


def _share(pipeline: Pipeline, rows: pd.DataFrame) -> NDArray[np.float64]:
    """The uncalibrated vote of a forest, shape (rows,)."""
    matrix = pipeline["columns"].transform(inputs(rows))
    share: NDArray[np.float64] = pipeline["forest"].forest_.predict_proba(matrix)[:, 1]
    return share


def _joined(pipelines: Sequence[Pipeline]) -> RandomForestClassifier:
    """A forest of all trees, over the columns of the first pipeline."""
    scaler = _scaler(pipelines[0])
    trees = [_over(scaler, _scaler(pipeline), tree) for pipeline in pipelines for tree in _trees(pipeline)]
    joined = copy.copy(pipelines[0]["forest"].forest_)
    joined.estimators_, joined.n_estimators = trees, len(trees)
    for of_one_batch in ("oob_score_", "oob_decision_function_"):
        vars(joined).pop(of_one_batch, None)
    return joined


def _over(scaler: StandardScaler, own: StandardScaler, tree: DecisionTreeClassifier) -> DecisionTreeClassifier:
    """A tree with its thresholds of numbers moved from its own batch's scale to another.

    Numbers are whole: each threshold comes to lie halfway above the largest that goes left, where no rounding reaches.
    """
    moved = copy.deepcopy(tree)
    feature, threshold = moved.tree_.feature, moved.tree_.threshold
    numbers = (feature >= 0) & (feature < len(own.mean_))
    column, old = feature[numbers], threshold[numbers]
    nearest = np.round(old * own.scale_[column] + own.mean_[column])
    goes_left = ((nearest - own.mean_[column]) / own.scale_[column]).astype(np.float32) <= old
    largest = np.where(goes_left, nearest, nearest - 1)
    threshold[numbers] = (largest + 0.5 - scaler.mean_[column]) / scaler.scale_[column]
    return moved


def _scaler(pipeline: Pipeline) -> StandardScaler:
    return pipeline["columns"].named_transformers_["numbers"]


def _trees(pipeline: Pipeline) -> list[Any]:
    return list(pipeline["forest"].forest_.estimators_)
