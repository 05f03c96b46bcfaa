"""Random faults, alone and in pairs, under load, on MySQL in Docker: `make chaos-service SEED=1 ROUNDS=20`.

Each round lets one or two things go wrong for a while, waits until the service has settled by itself, and holds every
answer against the table. The seed decides what, when and for how long.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console

from benchmarks import stores
from benchmarks.serving.subjects import PATIENT
from benchmarks.trial import TREES, Trial, trial
from tests.outside.answers import Comparison, Outcome
from tests.outside.faults import DATABASE_FAULTS, pause
from tests.outside.under_load import load

_LASTS_SECONDS = (3.0, 20.0)
_AROUND_SECONDS = 3.0
_HEADINGS = (
    "round",
    "what went wrong",
    "answered",
    "journal",
    "withheld",
    "broken",
    "extra",
    "lost",
    "doubled",
    "strange",
)
console = Console(highlight=False, soft_wrap=True)

Happening = Callable[[float], None]


@dataclass(frozen=True)
class Round:
    """What goes wrong together: names, how it is done, and for how many seconds."""

    names: tuple[str, ...]
    happenings: tuple[Happening, ...]
    seconds: float


def main(
    seed: Annotated[int, typer.Option(envvar="SEED", help="decides what goes wrong, when and for how long")] = 1,
    rounds: Annotated[int, typer.Option(envvar="ROUNDS", min=1)] = 20,
    workers: Annotated[int, typer.Option(min=1, help="processes of the service")] = 2,
) -> None:
    """Prints a table of the rounds; ends with 1 where an answer was lost or logged twice."""
    if not stores.docker_answers():
        raise SystemExit("make chaos-service needs a Docker engine, and none answers")
    with stores.scratch() as folder, stores.registry(folder) as settings:
        console.print(f"seed {seed}; training one forest of {TREES} trees")
        stores.put_in_production(settings, TREES)
        with trial(folder, settings, workers, mysql=True) as proven:
            plan = [_chosen(proven, random.Random(f"{seed} {number}")) for number in range(rounds)]
            lines = [_line(number, one, *_played(proven, folder, one)) for number, one in enumerate(plan, start=1)]
    console.print(f"\n| {' | '.join(_HEADINGS)} |\n|{' --- |' * len(_HEADINGS)}")
    for line, _ in lines:
        console.print(line)
    raise typer.Exit(not all(holds for _, holds in lines))


def _chosen(proven: Trial, chance: random.Random) -> Round:
    assert proven.database is not None
    stack = proven.database.stack
    of_database = {name: _of(fault, stack) for name, fault in DATABASE_FAULTS.items()}
    of_service: dict[str, Happening] = {
        "the service is killed": lambda _: proven.kill(),
        "the service is restarted": lambda _: _restarted(proven),
        "the service is killed twice": lambda _: _killed_twice(proven),
    }
    kinds = chance.choice(((of_database,), (of_service,), (of_database, of_service)))
    names = tuple(chance.choice(sorted(kind)) for kind in kinds)
    chosen = tuple(kind[name] for kind, name in zip(kinds, names, strict=True))
    return Round(names, chosen, chance.uniform(*_LASTS_SECONDS))


def _of(fault: Callable[..., None], stack: object) -> Happening:
    return lambda seconds: fault(stack, seconds)


def _restarted(proven: Trial) -> None:
    proven.end()
    proven.start()


def _killed_twice(proven: Trial) -> None:
    proven.kill()
    proven.kill()


def _played(proven: Trial, folder: Path, one: Round) -> tuple[Outcome, Comparison]:
    console.print(f"{' and '.join(one.names)}, {one.seconds:.0f} s")
    with load(proven.url, proven.key, f"chaos-{uuid4().hex[:8]}", PATIENT, folder) as outcome:
        pause(_AROUND_SECONDS)
        threads = [Thread(target=happening, args=(one.seconds,)) for happening in one.happenings]
        for thread in threads:
            thread.start()
            pause(_AROUND_SECONDS)
        for thread in threads:
            thread.join()
        pause(_AROUND_SECONDS)
    return outcome, proven.settled(outcome)


def _line(number: int, one: Round, outcome: Outcome, found: Comparison) -> tuple[str, bool]:
    lost, doubled, strange = len(found.lost), len(found.doubled), len(found.strange)
    figures = (found.answered, outcome.logged["journal"], len(outcome.statuses), len(outcome.broken), found.extra)
    told = " | ".join(f"{figure:,}" for figure in (*figures, lost, doubled, strange))
    return f"| {number} | {' and '.join(one.names)}, {one.seconds:.0f} s | {told} |", found.holds


if __name__ == "__main__":
    typer.run(main)
