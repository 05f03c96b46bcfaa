"""The soft vote of a training's forests, as one forest of all their trees: served and kept like any other."""

import copy
from collections.abc import Sequence

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
    first = pipelines[0]
    forests = [_moved(pipeline, first) for pipeline in pipelines]
    votes = np.concatenate([_votes_of_others(forests, mine, first, rows) for mine, rows in enumerate(batches)])
    truth = np.concatenate([rows["target"].to_numpy() for rows in batches])
    vote = CalibratedForest(**first["forest"].get_params())
    vote.forest_ = _with_trees(forests[0], [tree for forest in forests for tree in forest.estimators_])
    return Pipeline([("columns", first["columns"]), ("forest", vote.calibrate(votes, truth))])


def _votes_of_others(
    forests: Sequence[RandomForestClassifier], mine: int, first: Pipeline, rows: pd.DataFrame
) -> NDArray[np.float64]:
    """The uncalibrated vote of all forests but one, shape (rows,)."""
    matrix = first["columns"].transform(inputs(rows, first))
    others = (forest for place, forest in enumerate(forests) if place != mine)
    votes: NDArray[np.float64] = np.mean([forest.predict_proba(matrix)[:, 1] for forest in others], axis=0)
    return votes


def _moved(pipeline: Pipeline, first: Pipeline) -> RandomForestClassifier:
    """A pipeline's forest over the columns of the first one."""
    scaler, own = (each["columns"].named_transformers_["numbers"] for each in (first, pipeline))
    forest = pipeline["forest"].forest_
    return _with_trees(forest, [_over(scaler, own, tree) for tree in forest.estimators_])


def _with_trees(forest: RandomForestClassifier, trees: list[DecisionTreeClassifier]) -> RandomForestClassifier:
    """A forest like another, of other trees."""
    made = copy.copy(forest)
    made.estimators_, made.n_estimators = trees, len(trees)
    for of_its_own_trees in ("oob_score_", "oob_decision_function_"):
        vars(made).pop(of_its_own_trees, None)
    return made


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
