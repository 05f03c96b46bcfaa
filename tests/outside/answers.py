"""What became of the requests of a load, and whether each answer is a row."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select

from connections.tables import predictions


@dataclass
class Outcome:
    """What the clients of a load wrote down, by the request's `encounter_ref`, which begins with the load's name."""

    name: str
    answered: dict[str, str] = field(default_factory=dict)
    logged: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def failed(self) -> list[str]:
        """What became of each request that was not answered with 200."""
        return [*self.broken.values(), *self.statuses.values()]

    def read(self, lines: Iterable[str]) -> None:
        """Adds what a client wrote; a last line that its end cut off is left out."""
        for line in lines:
            if line.endswith("}\n") or line.endswith("}"):
                self._add(json.loads(line))

    def _add(self, one: dict[str, Any]) -> None:
        when = f"{one['at']:.1f} s"
        if "answered" in one:
            self.answered[one["ref"]] = one["answered"]
            self.logged[str(one["logged"])] += 1
            self.slowest = max(self.slowest, one["took"])
        elif "status" in one:
            self.statuses[one["ref"]] = f"{when}: {one['status']} {one['text']}"
        elif "broken" in one:
            self.broken[one["ref"]] = f"{when}: {one['broken']}"
        else:
            self.refused.append(f"{when}: {one['refused']}")


@dataclass(frozen=True)
class Comparison:
    """Answers beside rows. A row is `extra` where its request broke unanswered, else `strange`."""

    answered: int
    logged: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    extra: int
    strange: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether each answer is one row, and each other row a request's that broke unanswered."""
        return not (self.lost or self.doubled or self.strange)


def rows_of(engine: Engine, outcome: Outcome) -> list[tuple[str, str]]:
    """The rows of a load's requests, as (prediction_id, encounter_ref)."""
    columns = (predictions.c.prediction_id, predictions.c.encounter_ref)
    chosen = select(*columns).where(predictions.c.encounter_ref.startswith(f"{outcome.name}-"))
    with engine.connect() as connection:
        return [(prediction_id, ref) for prediction_id, ref in connection.execute(chosen)]


def compare(outcome: Outcome, rows: Iterable[tuple[str, str]]) -> Comparison:
    """Holds what was answered against the rows of a load, as (prediction_id, encounter_ref)."""
    found = list(rows)
    ids, refs = Counter(row[0] for row in found), Counter(row[1] for row in found)
    answered = outcome.answered
    there = {ref for ref, prediction_id in answered.items() if ids[prediction_id]}
    doubled = {ref for ref, count in refs.items() if count > 1} | {ref for ref in there if ids[answered[ref]] > 1}
    others = refs.keys() - answered.keys()
    extra = others & outcome.broken.keys()
    return Comparison(
        answered=len(answered),
        logged=len(there),
        lost=tuple(sorted(answered.keys() - there)),
        doubled=tuple(sorted(doubled)),
        extra=len(extra),
        strange=tuple(sorted(others - extra)),
    )
