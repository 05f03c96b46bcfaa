"""The model: a preprocessing pipeline and a forest that calibrates itself on its out-of-bag votes."""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from readmission.errors import TrainingError
from readmission.features import (
    BY_NAME,
    CATEGORIES,
    DIAGNOSES,
    HISTORY_CATEGORIES,
    HISTORY_NUMBERS,
    INCREASING,
    NUMBERS,
)
from readmission.inference import PROBABILITY_MARGIN, Calibration
from readmission.model.diagnoses import AnywhereEncoder
from readmission.params import ForestParams

# The share of patients that a ward may have room to follow up.
CAPACITY = 0.10


class CalibratedForest(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An unweighted random forest with a Platt calibration and a decision threshold of its own.

    `capacity_threshold_` flags the riskiest tenth, and nothing decides by it. All of them are fitted on out-of-bag
    votes, so that no row is spent on them and none scores a tree that saw it.
    Class weights are left out on purpose: they ruin out-of-bag votes and probabilities in scikit-learn 1.9.
    The parameters are those of `ForestParams`, which has their defaults; `increasing` are the columns that the
    probability never falls with.
    """

    def __init__(
        self,
        n_estimators: int,
        min_samples_leaf: int,
        max_features: float,
        max_depth: int | None,
        random_state: int,
        n_jobs: int,
        increasing: Sequence[int] = (),
    ) -> None:
        self.n_estimators = n_estimators
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.max_depth = max_depth
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.increasing = increasing

    def fit(self, matrix: ArrayLike, target: ArrayLike) -> Self:
        """Fits forest, calibration and threshold.

        Args:
            matrix: shape (rows, columns), preprocessed.
            target: shape (rows,), 0 or 1.

        Raises:
            TrainingError: one class only, or a row without an out-of-bag vote.
        """
        truth = np.asarray(target)
        if len(np.unique(truth)) < 2:
            raise TrainingError("the batch has one class only: nothing can be learned from it")
        self.forest_ = _grow(self._unfitted(np.shape(matrix)[1]), matrix, truth)
        return self.calibrate(self.forest_.oob_decision_function_[:, 1], truth)

    def calibrate(self, votes: NDArray[np.float64], truth: NDArray[Any]) -> Self:
        """Fits calibration and threshold of the grown forest.

        Args:
            votes: shape (rows,), the share of trees that say yes, of trees that did not see the row.
            truth: shape (rows,), 0 or 1.
        """
        self.classes_ = self.forest_.classes_
        self.calibration_slope_, self.calibration_intercept_ = _platt(votes, truth)
        calibrated = self.calibration.apply(votes)
        self.threshold_ = best_threshold(truth, calibrated)
        self.capacity_threshold_ = capacity_threshold(calibrated, CAPACITY)
        self.out_of_bag_roc_auc_ = float(roc_auc_score(truth, votes))
        return self

    def _unfitted(self, columns: int) -> RandomForestClassifier:
        params = self.get_params()
        # Not of int8, whose signs scikit-learn turns in place, anew for each tree; nor a list, of which skops describes
        # every number for every tree.
        monotonic = np.zeros(columns, dtype=np.int64)
        monotonic[list(params.pop("increasing"))] = 1
        return RandomForestClassifier(**params, oob_score=True, monotonic_cst=monotonic)

    @property
    def calibration(self) -> Calibration:
        """The fitted Platt calibration."""
        return Calibration(slope=self.calibration_slope_, intercept=self.calibration_intercept_)

    def predict_proba(self, matrix: ArrayLike) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (rows, 2)."""
        positive = self.calibration.apply(self.forest_.predict_proba(matrix)[:, 1])
        return np.column_stack([1 - positive, positive])

    def predict(self, matrix: ArrayLike) -> NDArray[np.int64]:
        """1 where the calibrated probability reaches the threshold, else 0; shape (rows,)."""
        return (self.predict_proba(matrix)[:, 1] >= self.threshold_).astype(np.int64)


def _grow(forest: RandomForestClassifier, matrix: ArrayLike, truth: NDArray[Any]) -> RandomForestClassifier:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Some inputs do not have OOB scores", UserWarning)  # an error below
        forest.fit(matrix, truth)
    # scikit-learn gives a row without a vote 0 for both classes, which would pass for a sure "no".
    if not forest.oob_decision_function_.any(axis=1).all():
        raise TrainingError("a row has no out-of-bag vote; raise n_estimators")
    return forest


def _platt(votes: NDArray[np.float64], truth: NDArray[Any]) -> tuple[float, float]:
    clipped = np.clip(votes, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    logit = np.log(clipped) - np.log1p(-clipped)
    fitted = LogisticRegression(C=1e6).fit(logit[:, None], truth)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def best_threshold(truth: NDArray[Any], probability: NDArray[np.float64]) -> float:
    """The decision threshold with the highest F1."""
    precision, recall, thresholds = precision_recall_curve(truth, probability)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[f1[:-1].argmax()])


def capacity_threshold(probability: NDArray[np.float64], rate: float) -> float:
    """The threshold that flags the riskiest share of rows, at least one, and those that tie with the last of them."""
    count = max(1, round(rate * len(probability)))
    return float(np.partition(probability, -count)[-count])


class Columns(NamedTuple):
    """The fields that a pipeline uses, by name, in the order of its matrix."""

    numbers: list[str]
    categories: list[str]


def columns_of(pipeline: Pipeline) -> Columns:
    """The fields that a pipeline uses, fitted or not."""
    used = {name: fields for name, _, fields in pipeline["columns"].transformers}
    return Columns(used["numbers"], used["categories"])


def make_pipeline(params: ForestParams, jobs: int, *, history: bool = False) -> Pipeline:
    """An unfitted pipeline over the contract's model fields; categories are the contract's, never the data's.

    `history`: also over what is told of a patient's earlier stays.
    """
    used = _columns(history)
    encode = OneHotEncoder(
        categories=[list(BY_NAME[name].vocabulary) for name in used.categories],
        handle_unknown="ignore",
        sparse_output=False,
    )
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), used.numbers),
            ("categories", encode, used.categories),
            ("anywhere", AnywhereEncoder(list(BY_NAME[DIAGNOSES[0]].vocabulary)), list(DIAGNOSES)),
        ],
        verbose_feature_names_out=False,
    )
    increasing = [used.numbers.index(name) for name in INCREASING]
    forest = CalibratedForest(**params.model_dump(), n_jobs=jobs, increasing=increasing)
    return Pipeline([("columns", columns), ("forest", forest)])


def _columns(history: bool) -> Columns:
    if history:
        return Columns([*NUMBERS, *HISTORY_NUMBERS], [*CATEGORIES, *HISTORY_CATEGORIES])
    return Columns([*NUMBERS], [*CATEGORIES])


def inputs(frame: pd.DataFrame, pipeline: Pipeline | None = None) -> pd.DataFrame:
    """A pipeline's inputs of prepared rows, in its order, with the signature's types; None: one without history."""
    used = _columns(history=False) if pipeline is None else columns_of(pipeline)
    return frame[[*used.numbers, *used.categories]].astype(dict.fromkeys(used.numbers, "float64"))


def positive(pipeline: Pipeline, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Calibrated probability of readmission, shape (rows,), for prepared rows."""
    probability: NDArray[np.float64] = pipeline.predict_proba(inputs(frame, pipeline))[:, 1]
    return probability
