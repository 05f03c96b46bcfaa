"""Whether an answer can be lost: kills the service again and again under load, and compares answers with rows.

    make prove-durable ARGS="--kills 5 --seed 1"
    make prove-durable ARGS=--mysql

With `--mysql` (which needs Docker) the database is killed too. Each kill is SIGKILL, as a crash would be, at a moment
that the seed decides; what was killed is started again, and nobody lends a hand besides.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console

from benchmarks import stores
from benchmarks.serving.subjects import PATIENT
from benchmarks.trial import TREES, Trial, trial
from tests.outside.answers import Comparison, Outcome
from tests.outside.under_load import Load, load

_BETWEEN_SECONDS = (2.0, 6.0)
_LOAD = Load(processes=3, at_once=8, pause=0)
console = Console(highlight=False, soft_wrap=True)

Blow = tuple[str, Callable[[], None]]


def main(
    kills: Annotated[int, typer.Option(min=1, help="of each of service and database")] = 10,
    seed: Annotated[int, typer.Option(help="decides when and in what order")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="processes of the service")] = 1,
    mysql: Annotated[bool, typer.Option("--mysql", help="on the MySQL of Compose, which is killed too")] = False,
) -> None:
    """Prints answered, logged, lost, doubled and extra; ends with 1 where an answer was lost or logged twice."""
    if mysql and not stores.docker_answers():
        raise SystemExit("--mysql needs a Docker engine, and none answers")
    with stores.scratch() as folder, stores.registry(folder) as settings:
        console.print(f"training one forest of {TREES} trees")
        stores.put_in_production(settings, TREES)
        with trial(folder, settings, workers, mysql) as proven:
            outcome = _under_load(proven, folder, list(_plan(proven, kills, seed)))
            found = proven.settled(outcome)
    _report(outcome, found)
    raise typer.Exit(not found.holds)


def _plan(proven: Trial, kills: int, seed: int) -> Iterator[tuple[float, Blow]]:
    """Seconds after the kill before, and what to kill."""
    chosen = random.Random(seed)
    blows: list[Blow] = [("service", proven.kill)] * kills
    if proven.database is not None:
        stack = proven.database.stack
        blows += [("database", lambda: stack.crash("mysql"))] * kills
    chosen.shuffle(blows)
    for blow in blows:
        yield chosen.uniform(*_BETWEEN_SECONDS), blow


def _under_load(proven: Trial, folder: Path, plan: list[tuple[float, Blow]]) -> Outcome:
    name, pause, begun = f"proof-{uuid4().hex[:8]}", Event(), monotonic()
    with load(proven.url, proven.key, name, PATIENT, folder, _LOAD) as outcome:
        for seconds, (what, blow) in plan:
            pause.wait(seconds)
            console.print(f"{monotonic() - begun:6.1f} s  kill -9 the {what}")
            blow()
        pause.wait(_BETWEEN_SECONDS[1])
    return outcome


def _report(outcome: Outcome, found: Comparison) -> None:
    console.print("\n| answered | of these by the journal | logged | lost | doubled | extra | broken unanswered |")
    console.print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    figures = (found.answered, outcome.logged["journal"], found.logged, len(found.lost), len(found.doubled))
    console.print(f"| {' | '.join(f'{one:,}' for one in (*figures, found.extra, len(outcome.broken)))} |")
    console.print("\nextra: rows of requests whose connection broke before their answer")
    for what, refs in (("lost", found.lost), ("doubled", found.doubled), ("logged, never answered", found.strange)):
        for ref in refs[:10]:
            console.print(f"{what}: {ref} {outcome.answered.get(ref, outcome.statuses.get(ref, ''))}")


if __name__ == "__main__":
    typer.run(main)
