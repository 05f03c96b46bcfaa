"""Measures what is reported of a model: each figure on the rows, and its interval on their resamples."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from readmission.model.evaluation import Scores
from readmission.model.forest import capacity_threshold
from readmission.model.groups import LEAST_POSITIVES, groups_of
from readmission.model.recalibration import slope_and_intercept
from readmission.model.report import AtRate, Figure, GroupReport, NetBenefit, Report
from readmission.model.resampling import Flags, Floats, Resampled, interval, share

ALERT_RATES = (0.05, 0.10, 0.20)
BENEFIT_THRESHOLDS = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30)
SCORED = ("roc_auc", "recall", "precision", "pr_auc", "f1", "brier_skill")
# Of the resamples, so many for what takes long: groups, and slope and intercept.
FEWER = 100

Measure = Callable[[Resampled], Floats]


@dataclass(frozen=True)
class _Rows:
    """Rows with what a model says of them; `whole` has each once, `drawn` are their resamples."""

    truth: Flags
    probability: Floats
    threshold: float
    drawn: Resampled

    @property
    def flagged(self) -> Flags:
        return np.asarray(self.probability >= self.threshold)

    def at(self, threshold: float) -> "_Rows":
        return _Rows(self.truth, self.probability, threshold, self.drawn)

    def of(self, members: Flags) -> "_Rows":
        return _Rows(self.truth[members], self.probability[members], self.threshold, _fewer(self.drawn).of(members))

    @property
    def whole(self) -> Resampled:
        return Resampled(np.ones((1, len(self.truth)), dtype=np.float32))

    def figure(self, measure: Measure) -> Figure:
        """A figure of the rows, and the interval of what their resamples give."""
        return _figure(measure(self.whole), measure(self.drawn))

    def precision(self) -> Figure:
        return self.figure(lambda of: of.precision(self.truth, self.flagged))

    def recall(self) -> Figure:
        return self.figure(lambda of: of.recall(self.truth, self.flagged))

    def of_a_group(self) -> dict[str, Figure]:
        """The figures of a group of patients."""
        return {
            "roc_auc": self.figure(lambda of: of.roc_auc(self.truth, self.probability)),
            "recall": self.recall(),
            "precision": self.precision(),
            **self.unscored(),
        }

    def unscored(self) -> dict[str, Figure]:
        """The figures that `Scores` has not."""
        return {
            "alerts_per_100": self.figure(lambda of: 100 * of.mean(self.flagged)),
            "observed_to_expected": self.figure(lambda of: share(of.total(self.truth), of.total(self.probability))),
            **self._line(),
        }

    def _line(self) -> dict[str, Figure]:
        both = (self.whole, _fewer(self.drawn))
        whole, drawn = (slope_and_intercept(of, self.truth, self.probability) for of in both)
        names = ("calibration_slope", "calibration_intercept")
        return {name: _figure(*each) for name, each in zip(names, zip(whole, drawn, strict=True), strict=True)}

    def net_benefit(self) -> NetBenefit:
        odds, everyone = self.threshold / (1 - self.threshold), np.ones_like(self.truth)
        return NetBenefit(
            threshold=self.threshold,
            model=self.figure(lambda of: _benefit(of, self.truth, self.flagged, odds)),
            treat_all=self.figure(lambda of: _benefit(of, self.truth, everyone, odds)),
        )


def report(
    split: str, rows: pd.DataFrame, probability: Floats, threshold: float, drawn: Resampled, scores: Scores
) -> Report:
    """Measures calibrated probabilities on prepared rows, which have `target`, `patient`, `race`, `gender` and `age`.

    Args:
        split: the name of the rows, "val" or "test".
        rows: shape (rows,), shown to the model in no training.
        probability: shape (rows,), of a readmission.
        threshold: from which on the model raises an alert.
        drawn: resamples of the rows, by patient.
        scores: what they have been scored already, at that threshold and on those resamples.
    """
    truth = rows["target"].to_numpy(dtype=bool)
    measured = _Rows(truth, probability, threshold, drawn)
    return Report(
        split=split,
        rows=len(rows),
        patients=rows["patient"].nunique(),
        positives=int(truth.sum()),
        threshold=threshold,
        resamples=len(drawn.weights),
        figures={**{name: _scored(scores, name) for name in SCORED}, **measured.unscored()},
        at_rates=[_at_rate(measured, rate) for rate in ALERT_RATES],
        net_benefit=[measured.at(one).net_benefit() for one in BENEFIT_THRESHOLDS],
        groups=dict(_groups(measured, groups_of(rows))),
    )


def _scored(scores: Scores, name: str) -> Figure:
    low, high = scores.intervals.get(name, (None, None))
    return Figure(value=_known(getattr(scores, name)), low=low, high=high)


def _at_rate(measured: _Rows, rate: float) -> AtRate:
    at = measured.at(capacity_threshold(measured.probability, rate))
    return AtRate(rate=rate, threshold=at.threshold, precision=at.precision(), recall=at.recall())


def _groups(measured: _Rows, groups: Mapping[str, Flags]) -> Iterator[tuple[str, GroupReport]]:
    for name, members in groups.items():
        if members.any():
            group = measured.of(members)
            positives = int(group.truth.sum())
            yield (
                name,
                GroupReport(
                    rows=int(members.sum()),
                    positives=positives,
                    assessable=positives >= LEAST_POSITIVES,
                    figures=group.of_a_group(),
                ),
            )


def _fewer(drawn: Resampled) -> Resampled:
    return Resampled(drawn.weights[:FEWER])


def _benefit(of: Resampled, truth: Flags, flagged: Flags, odds: float) -> Floats:
    return of.mean(truth & flagged) - odds * of.mean(~truth & flagged)


def _figure(value: Floats, drawn: Floats) -> Figure:
    low, high = interval(drawn) if np.isfinite(drawn).any() else (np.nan, np.nan)
    return Figure(value=_known(value[0]), low=_known(low), high=_known(high))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
