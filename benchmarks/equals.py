"""How often the rule of promotion errs among challengers that are as good as production.

Votes of the same batches that differ in their forests' seeds alone are equal but for chance. Promoting one for another
is a false alarm of the rule; refusing one because of ROC-AUC, Brier skill or a group, a false alarm of a guard.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from math import ceil, sqrt

import pandas as pd

from benchmarks.votes import voted
from readmission.model.comparison import Answers, Comparison, compare
from readmission.model.forest import positive
from readmission.params import ForestParams

BATCHES = 2
MOST_PROMOTED = MOST_GUARDED = 0.10


@dataclass(frozen=True)
class Equals:
    """What the rule said of equal challengers."""

    compared: Sequence[Comparison]

    @property
    def promoted(self) -> float:
        """The share that would be promoted."""
        return sum(not one.unmet for one in self.compared) / len(self.compared)

    @property
    def guarded(self) -> float:
        """The share that a guard refuses, whatever their F1."""
        return sum(bool(one.guards) for one in self.compared) / len(self.compared)

    def why(self) -> Counter[str]:
        """How many are refused for what; one may be refused for several reasons."""
        return Counter(reason.split(", with probability")[0] for one in self.compared for reason in one.unmet)

    @property
    def holds(self) -> bool:
        """Whether both shares are as small as they should be."""
        return self.promoted <= MOST_PROMOTED and self.guarded <= MOST_GUARDED

    def told(self) -> list[str]:
        """Both shares, then why how many are refused, the most frequent reason first."""
        shares = (
            f"of {len(self.compared)} equal challengers {self.promoted:.0%} are promoted (at most {MOST_PROMOTED:.0%}) "
            f"and {self.guarded:.0%} refused by a guard (at most {MOST_GUARDED:.0%})"
        )
        return [shares, *(f"  refused, {count} times: {reason}" for reason, count in self.why().most_common())]


def among_equals(batches: Sequence[pd.DataFrame], val: pd.DataFrame, pairs: int, trees: int) -> Equals:
    """Compares so many ordered pairs of votes of the first batches, on validation rows.

    The fewest votes are made that have as many pairs: these are not independent of each other.
    """
    votes = ceil((1 + sqrt(1 + 4 * pairs)) / 2)
    answers = [_answers(batches[:BATCHES], val, ForestParams(n_estimators=trees, random_state=n)) for n in range(votes)]
    return Equals([compare(val, *pair) for pair in islice(permutations(answers, 2), pairs)])


def _answers(batches: Sequence[pd.DataFrame], val: pd.DataFrame, params: ForestParams) -> Answers:
    _, vote = voted(batches, params)
    return Answers(positive(vote, val), vote["forest"].threshold_)
