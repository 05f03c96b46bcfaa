"""Whether a challenger is better than what is in production, on the same rows: paired, over patients drawn anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from readmission.model.groups import LEAST_POSITIVES, groups_of
from readmission.model.resampling import Flags, Floats, Resampled

RESAMPLES = 1_000
# How sure it must be that the challenger's F1 is higher.
LEAST_SURE = 0.90
# How far ROC-AUC and Brier skill may be lower, by the lower end of their one-sided 90 % intervals.
MOST_WORSE = 0.01
# How much of a group's recall may be lost, and how sure that must be to refuse.
MOST_RECALL_LOST, SURE_OF_LOSS = 0.05, 0.90
_BETTER = f"F1 higher with probability {LEAST_SURE:.2f}"


@dataclass(frozen=True)
class Answers:
    """What a model says of the rows: calibrated probabilities, shape (rows,), and the threshold that it decides by."""

    probability: Floats
    threshold: float

    @property
    def flagged(self) -> Flags:
        """Which rows it raises an alert for."""
        return np.asarray(self.probability >= self.threshold)

    def riskiest(self, count: int) -> Flags:
        """So many rows of the highest risk."""
        chosen = np.zeros(len(self.probability), dtype=bool)
        chosen[np.argsort(-self.probability, kind="stable")[:count]] = True
        return chosen


@dataclass(frozen=True)
class Comparison:
    """What was measured, by name, and which demands are not met; `not_assessable` are groups of too few patients."""

    numbers: Mapping[str, float]
    unmet: tuple[str, ...]
    not_assessable: tuple[str, ...]

    @property
    def guards(self) -> tuple[str, ...]:
        """Of what is not met, what guards against a loss: all but that F1 is surely higher."""
        return tuple(demand for demand in self.unmet if demand != _BETTER)

    def __str__(self) -> str:
        told = (
            f"val_f1 {self.numbers['val_f1']:.4f} against {self.numbers['val_f1_in_production']:.4f} on the same "
            f"{self.numbers['rows']:,.0f} rows, higher with probability {self.numbers['f1_higher']:.2f}; ROC-AUC "
            f"{self.numbers['roc_auc_change']:+.4f} (at least {self.numbers['roc_auc_change_low']:+.4f}), Brier skill "
            f"{self.numbers['brier_skill_change']:+.4f} (at least {self.numbers['brier_skill_change_low']:+.4f})"
        )
        unmet = f"; not met: {'; '.join(self.unmet)}" if self.unmet else ""
        few = f"; too few readmitted to assess: {', '.join(self.not_assessable)}" if self.not_assessable else ""
        return f"{told}{unmet}{few}"


def compare(rows: pd.DataFrame, challenger: Answers, production: Answers) -> Comparison:
    """Compares two models on prepared rows, which have `target` and `patient` and were shown to neither."""
    truth = rows["target"].to_numpy(dtype=bool)
    drawn = Resampled.of_patients(rows["patient"], RESAMPLES)
    f1 = [drawn.f1(truth, one.flagged) for one in (challenger, production)]
    changes = {
        "roc_auc": (drawn.roc_auc, [one.probability for one in (challenger, production)]),
        "brier_skill": (drawn.brier_skill, [one.probability for one in (challenger, production)]),
    }
    whole = Resampled(np.ones((1, len(rows)), dtype=np.float32))
    numbers: dict[str, float] = {
        "rows": len(rows),
        "val_f1": float(whole.f1(truth, challenger.flagged)[0]),
        "val_f1_in_production": float(whole.f1(truth, production.flagged)[0]),
        "f1_higher": float((f1[0] > f1[1]).mean()),
    }
    for name, (measure, (ours, theirs)) in changes.items():
        numbers[f"{name}_change"] = float(getattr(whole, name)(truth, ours)[0] - getattr(whole, name)(truth, theirs)[0])
        numbers[f"{name}_change_low"] = float(np.nanquantile(measure(truth, ours) - measure(truth, theirs), 0.1))
    groups = dict(_groups(rows, truth, drawn, challenger, production))
    few = tuple(name for name, loss in groups.items() if loss is None)
    numbers |= {f"recall lost, {name}": loss for name, loss in groups.items() if loss is not None}
    return Comparison(numbers, tuple(_unmet(numbers)), few)


def _groups(
    rows: pd.DataFrame, truth: Flags, drawn: Resampled, challenger: Answers, production: Answers
) -> Iterator[tuple[str, float | None]]:
    """How sure it is that a group loses too much recall where both raise as many alerts as production; None of few."""
    alerts = int(production.flagged.sum())
    ours, theirs = challenger.riskiest(alerts), production.riskiest(alerts)
    for name, members in groups_of(rows).items():
        if (truth & members).sum() < LEAST_POSITIVES:
            yield name, None
            continue
        lost = drawn.recall(truth & members, theirs) - drawn.recall(truth & members, ours)
        yield name, float((lost > MOST_RECALL_LOST).mean())


def _unmet(numbers: Mapping[str, float]) -> Iterator[str]:
    if numbers["f1_higher"] < LEAST_SURE:
        yield _BETTER
    for name, called in (("roc_auc", "ROC-AUC"), ("brier_skill", "Brier skill")):
        if not numbers[f"{name}_change_low"] > -MOST_WORSE:
            yield f"{called} at most {MOST_WORSE} lower"
    for name, loss in numbers.items():
        if name.startswith("recall lost, ") and loss >= SURE_OF_LOSS:
            group = name.removeprefix("recall lost, ")
            yield f"{group} loses more than {MOST_RECALL_LOST:.0%} of recall, with probability {loss:.2f}"
