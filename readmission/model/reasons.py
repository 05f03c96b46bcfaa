"""What explains a forest's answers: its trees for `reasons.bin`, and the check that they say what the pipeline does."""

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from readmission.errors import TrainingError
from readmission.inference import LEAF, Scorer, Trees
from readmission.model.forest import CalibratedForest

# As far as the served probability may be from the pipeline's.
AGREEMENT = 1e-6
# A walk is slower than ONNX Runtime, and one row in a few hundred tells a wrong tree as well as all do.
CHECKED_ROWS = 200


def trees_of(forest: CalibratedForest) -> Trees:
    """The trees of a fitted forest, which all have the same weight, one after the other."""
    parts = [_arrays(tree) for tree in forest.forest_.estimators_]
    starts = np.cumsum([0, *(len(part.column) for part in parts[:-1])], dtype=np.int32)
    return Trees(
        roots=starts,
        column=np.concatenate([part.column for part in parts]),
        threshold=np.concatenate([part.threshold for part in parts]),
        left=np.concatenate([part.left + start for part, start in zip(parts, starts, strict=True)]),
        right=np.concatenate([part.right + start for part, start in zip(parts, starts, strict=True)]),
        mean=np.concatenate([part.mean for part in parts]),
    )


def check_reasons(served: Scorer, asked: NDArray[np.float32], probability: NDArray[np.float64]) -> None:
    """Holds where the walks through the served trees end, for the forest's input, shape (rows, columns), against the
    pipeline's own probabilities, shape (rows,).

    Raises:
        TrainingError: they are further apart than 1e-6, so that reasons would explain another risk than the answered.
    """
    assert served.attribution is not None
    walked = served.attribution.walked(asked[:CHECKED_ROWS])
    difference = float(np.abs(walked - probability[:CHECKED_ROWS]).max())
    if not difference <= AGREEMENT:  # nan included
        raise TrainingError(
            f"the reasons explain a risk that is {difference:.1e} from the model's (at most {AGREEMENT})"
        )


def _arrays(tree: DecisionTreeClassifier) -> Trees:
    """One tree by itself: its root is the first node."""
    grown = tree.tree_
    leaf = grown.children_left == LEAF
    counts = grown.value[:, 0, :]
    return Trees(
        roots=np.zeros(1, dtype=np.int32),
        column=np.where(leaf, LEAF, grown.feature).astype(np.int16),
        threshold=_rounded_down(np.where(leaf, 0, grown.threshold)),
        left=np.where(leaf, 0, grown.children_left).astype(np.int32),
        right=np.where(leaf, 0, grown.children_right).astype(np.int32),
        mean=(counts[:, 1] / counts.sum(axis=1)).astype(np.float32),
    )


def _rounded_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """In 32 bits, so that a value in 32 bits is at most the one where it is at most the other."""
    rounded = threshold.astype(np.float32)
    below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded > threshold, below, rounded)
