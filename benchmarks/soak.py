"""Whether the service stays as it is under load: `make soak` (`SECONDS=60` for a short one, `ARGS=--mysql`).

Finds the most that it answers, then asks for half of that for ten minutes. Its memory must stay flat, each request be
answered, and each answer be a row.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Annotated

import psutil
import typer
from rich.console import Console

from benchmarks import stores
from benchmarks.serving import machine
from benchmarks.serving.load import Measured, ask
from benchmarks.serving.rounds import Series, load
from benchmarks.serving.subjects import PATIENT, Subject
from benchmarks.trial import Trial, trial

CLIENTS = 16
# Many that pause for long are slowed down less by an answer that takes longer.
PACED = 64
MOST_GROWTH = 0.05
# Of the most that it answered: half is asked for.
LEAST_SHARE = 0.4
_LOOK_SECONDS, _SAMPLE_SECONDS = 15.0, 1.0
_KIB = 1024
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Memory:
    """What the service's processes held, in MiB, in samples of equal distance."""

    samples: Sequence[float]

    @property
    def begun(self) -> float:
        """The median of the second tenth: in the first, what is needed for the first time is still taken."""
        tenth = max(1, len(self.samples) // 10)
        return median(self.samples[tenth : 2 * tenth])

    @property
    def ended(self) -> float:
        """The median of the last tenth."""
        return median(self.samples[-max(1, len(self.samples) // 10) :])

    @property
    def growth(self) -> float:
        """From the one to the other, as a share."""
        return self.ended / self.begun - 1


def main(
    seconds: Annotated[float, typer.Option(envvar="SECONDS", min=30, help="of the load")] = 600,
    workers: Annotated[int, typer.Option(min=1, help="processes of the service")] = 1,
    mysql: Annotated[bool, typer.Option("--mysql", help="on the MySQL of Compose, in the place of SQLite")] = False,
) -> None:
    """Prints a table; ends with 1 where memory grew, a request failed, or an answer is no row."""
    if mysql and not stores.docker_answers():
        raise SystemExit("--mysql needs a Docker engine, and none answers")
    with stores.scratch() as folder, stores.registry(folder) as settings:
        console.print(f"{machine.described()}; training one forest of {stores.TREES} trees")
        stores.put_in_production(settings)
        with trial(folder, settings, workers, mysql) as proven:
            subject = Subject(f"{proven.url}/predict", proven.key, PATIENT, proven.log)
            most = _asked(subject, CLIENTS).rate
            pause = _pause_for(subject, most / 2)
            console.print(f"at most {most:,.0f} answers a second; half of that for {seconds:.0f} s")
            series = Series()
            with _memory(proven) as memory:
                load(subject, series, PACED, seconds, pause)
    found = problems(series, memory, most)
    _report(series, memory, most)
    for problem in found:
        console.print(f"FAIL: {problem}")
    raise typer.Exit(bool(found))


def _asked(subject: Subject, clients: int, pause: float = 0.0) -> Measured:
    return ask(subject.url, subject.key, subject.body, clients, _LOOK_SECONDS, pause)


def _pause_for(subject: Subject, rate: float) -> float:
    """The seconds for which each client must pause, so that together they get so many answers a second."""
    each = PACED / rate
    answered_in = PACED / _asked(subject, PACED, each).rate - each
    return max(0.0, each - answered_in)


def _own_mib(pid: int) -> float:
    """What a process has asked for itself: its share of libraries' pages grows when another that uses them ends."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found[1]) / _KIB if found else 0.0


@contextmanager
def _memory(proven: Trial) -> Iterator[Memory]:
    """Looks at the memory of the service's processes once a second, for the block."""
    samples: list[float] = []
    ended, process = Event(), psutil.Process(proven.pid)

    def look() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            every = (process, *process.children(recursive=True))
            samples.append(sum(_own_mib(one.pid) for one in every))

    thread = Thread(target=look, daemon=True)
    thread.start()
    yield Memory(samples)
    ended.set()
    thread.join()


def problems(series: Series, memory: Memory, most: float) -> list[str]:
    """What does not hold of a service that answered so many requests a second at most."""
    found = list(series.problems)
    if series.rate(PACED) < LEAST_SHARE * most:
        found.append(
            f"{series.rate(PACED):,.0f} answers a second are less than {LEAST_SHARE:.0%} of the {most:,.0f} of before"
            ": the service has become slower, or the machine was busy with something else"
        )
    if failed := series.failed(PACED):
        found.append(f"{failed} requests were not answered with 200")
    if memory.growth > MOST_GROWTH:
        grown = f"from {memory.begun:.0f} to {memory.ended:.0f} MiB"
        found.append(f"memory grew by {memory.growth:.1%}, {grown}, which is more than {MOST_GROWTH:.0%}")
    return found


def _report(series: Series, memory: Memory, most: float) -> None:
    (one,) = series.loads[PACED]
    console.print("\n| seconds | req/s | of the most | answered | not 200 | p50 (ms) | p99 (ms) | MiB | growth |")
    console.print(f"|{' ---: |' * 9}")
    figures = (
        *(f"{one.seconds:.0f}", f"{one.rate:,.0f}", f"{one.rate / most:.0%}", f"{one.answered:,}"),
        *(f"{series.failed(PACED)}", f"{one.p50:.1f}", f"{one.p99:.1f}"),
        *(f"{memory.begun:.0f} → {memory.ended:.0f}", f"{memory.growth:+.1%}"),
    )
    console.print(f"| {' | '.join(figures)} |")


if __name__ == "__main__":
    typer.run(main)
