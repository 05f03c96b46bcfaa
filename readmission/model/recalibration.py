"""The calibration slope and intercept: a logistic regression of the outcome on the model's logit."""

import numpy as np
from numpy.typing import NDArray

from readmission.inference import PROBABILITY_MARGIN
from readmission.model.resampling import Flags, Floats, Resampled

Small = NDArray[np.float32]
# Newton's error after a step is about the step's square.
_STEPS, _CONVERGED = 25, 1e-4


def slope_and_intercept(drawn: Resampled, truth: Flags, probability: Floats) -> tuple[Floats, Floats]:
    """Slope and intercept in each resample, shape (resamples,) each: 1 and 0 where risks are as they are told.

    Newton's method on all resamples at once; nan where it finds no maximum: one outcome alone, or one risk for all.

    Args:
        drawn: resamples of the rows.
        truth: shape (rows,), who came back.
        probability: shape (rows,), calibrated.
    """
    clipped = np.clip(probability, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    logit = (np.log(clipped) - np.log1p(-clipped)).astype(np.float32)
    on_all = _fitted(np.ones((1, len(truth)), dtype=np.float32), truth, logit, np.ones(1), np.zeros(1))
    start = (np.full(len(drawn.weights), one[0]) for one in on_all)  # from where few steps lead to each resample's
    return _fitted(drawn.weights, truth, logit, *start)


def _fitted(weights: Small, truth: Flags, logit: Small, slope: Floats, intercept: Floats) -> tuple[Floats, Floats]:
    last = np.full(len(weights), np.inf)
    for _ in range(_STEPS):
        of_slope, of_intercept = _step(weights, truth, logit, slope, intercept)
        slope, intercept = slope + of_slope, intercept + of_intercept
        last = np.abs(of_slope) + np.abs(of_intercept)
        if not (last > _CONVERGED).any():
            break
    found = last <= _CONVERGED
    return np.where(found, slope, np.nan), np.where(found, intercept, np.nan)


def _step(weights: Small, truth: Flags, logit: Small, slope: Floats, intercept: Floats) -> tuple[Floats, Floats]:
    """Newton's step for each resample; nan where the matrix has no inverse."""
    with np.errstate(over="ignore", invalid="ignore"):
        line = slope[:, None].astype(np.float32) * logit + intercept[:, None].astype(np.float32)
        fitted = 1 / (1 + np.exp(-line))
        missed, curved = weights * (truth - fitted), weights * fitted * (1 - fitted)
        powers = np.stack([np.ones_like(logit), logit, logit**2], axis=1)
        by_intercept, by_slope, _ = (missed @ powers).T.astype(np.float64)
        ones, mixed, squares = (curved @ powers).T.astype(np.float64)
        determinant = ones * squares - mixed**2
        usable = determinant > 1e-5 * ones * squares
        inverse = np.divide(1.0, determinant, out=np.full_like(determinant, np.nan), where=usable)
        return (ones * by_slope - mixed * by_intercept) * inverse, (squares * by_intercept - mixed * by_slope) * inverse
