"""Rounds of loads, one subject after the other, and whether each answer was logged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from threading import Event
from time import monotonic

from benchmarks.serving.load import Measured, ask
from benchmarks.serving.subjects import Subject
from readmission.clock import now

CLIENTS = (1, 16, 64)
_WARM_UP_SECONDS = 2
# What went to the journal comes to the table by itself.
_DRAIN_SECONDS = 15

Told = Callable[[str], None]


@dataclass
class Series:
    """The loads of one subject by number of clients, and what went wrong with them."""

    loads: dict[int, list[Measured]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def rate(self, clients: int) -> float:
        """The median of the answers a second."""
        return median(one.rate for one in self.loads[clients])

    def p50(self, clients: int) -> float:
        """The median of the medians, milliseconds."""
        return median(one.p50 for one in self.loads[clients])

    def p99(self, clients: int) -> float:
        """The median of the 99th percentiles, milliseconds."""
        return median(one.p99 for one in self.loads[clients])

    def failed(self, clients: int) -> int:
        """Requests of all rounds without an answer, or with another than 200."""
        return sum(one.refused + one.broken for one in self.loads[clients])


def measure(subjects: Mapping[str, Subject], rounds: int, seconds: float, told: Told) -> dict[str, Series]:
    """Asks each subject in turn, in each round from so many `CLIENTS`."""
    series = {name: Series(problems=list(subject.problems)) for name, subject in subjects.items()}
    for subject in subjects.values():
        ask(subject.url, subject.key, subject.body, 16, _WARM_UP_SECONDS)
    for number in range(rounds):
        for clients in CLIENTS:
            for name, subject in subjects.items():
                told(f"round {number + 1} of {rounds}: {name}, {clients} clients")
                load(subject, series[name], clients, seconds)
    return series


def load(subject: Subject, series: Series, clients: int, seconds: float, pause: float = 0.0) -> None:
    """One load, whose clients pause before each request; each 200 must be a row."""
    begun = now()
    measured = ask(subject.url, subject.key, subject.body, clients, seconds, pause)
    series.loads.setdefault(clients, []).append(measured)
    if subject.log is None:
        return
    until, moment = monotonic() + _DRAIN_SECONDS, Event()
    while (rows := subject.rows_since(begun)) < measured.answered and monotonic() < until:
        moment.wait(0.5)
    # A request that broke may be logged; nothing else may.
    if not measured.answered <= rows <= measured.answered + measured.broken:
        series.problems.append(f"{clients} clients: {measured.answered} answered, {rows} rows")
