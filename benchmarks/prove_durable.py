"""Whether an answer can be lost: kills the service again and again under load, and compares answers with rows.

    python -m benchmarks.prove_durable --kills 5 --seed 1
    python -m benchmarks.prove_durable --mysql

With `--mysql` (which needs Docker) the database is killed too. Each kill is SIGKILL, as a crash would be, at a moment
that the seed decides; what was killed is started again, and nobody lends a hand besides.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console
from sqlalchemy import Engine

from benchmarks import stores
from benchmarks.serving.subjects import PATIENT, on_port, service_of
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.local.health import answers
from readmission.local.service import Folders, Service
from readmission.storage.databases import initialise
from tests import services
from tests.outside.answers import Comparison, Outcome, compare, rows_of
from tests.outside.under_load import Load, load

TREES = 60
_BETWEEN_SECONDS = (2.0, 6.0)
_ANSWERS_SECONDS = 120.0
_DRAINED_SECONDS = 120.0
_LOAD = Load(processes=3, at_once=8)
console = Console(highlight=False, soft_wrap=True)


@dataclass
class Trial:
    """A service under proof: it is killed and started again on the same port and the same files."""

    service: Service
    settings: Settings
    log: Engine
    database: stores.MySql | None = None

    def start(self) -> None:
        """Starts the service and waits until it answers."""
        self.process = services.start(self.service, Folders.of(self.settings))
        services.wait_until_healthy(self.service, self.process)

    def kill_service(self) -> None:
        """SIGKILL to all of the service's processes, then a start."""
        services.kill(self.process)
        self.start()

    def kill_database(self) -> None:
        """SIGKILL to the database, which Compose starts again."""
        assert self.database is not None
        self.database.stack.crash("mysql")


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
        with _trial(settings, folder, workers, mysql) as trial:
            outcome = _under_load(trial, folder, _plan(trial, kills, seed))
            found = _settled(trial, outcome)
    _report(outcome, found)
    raise typer.Exit(not found.holds)


@contextmanager
def _trial(settings: Settings, folder: Path, workers: int, mysql: bool) -> Iterator[Trial]:
    own = folder / "service"
    own.mkdir()
    if mysql:
        with stores.mysql(own, settings) as database:
            placed = database.settings(on_port(settings, own), "api")
            yield from _running(Trial(service_of(placed, workers), placed, database.engine("api"), database))
    else:
        placed = on_port(settings, own)
        initialise(placed)
        yield from _running(Trial(service_of(placed, workers), placed, engine_for(placed, "RAW_DATA")))


def _running(trial: Trial) -> Iterator[Trial]:
    trial.start()
    try:
        _wait(
            lambda: answers(f"{trial.settings.url('api')}/health/ready"), _ANSWERS_SECONDS, "the service is not ready"
        )
        yield trial
    finally:
        services.end(trial.process)


def _plan(trial: Trial, kills: int, seed: int) -> Iterator[tuple[float, str, Callable[[], None]]]:
    """When to kill what: seconds after the kill before, its name, and how."""
    chosen = random.Random(seed)
    blows = [("service", trial.kill_service)] * kills
    if trial.database is not None:
        blows += [("database", trial.kill_database)] * kills
    chosen.shuffle(blows)
    for name, blow in blows:
        yield chosen.uniform(*_BETWEEN_SECONDS), name, blow


def _under_load(trial: Trial, folder: Path, plan: Iterator[tuple[float, str, Callable[[], None]]]) -> Outcome:
    name, pause, begun = f"proof-{uuid4().hex[:8]}", Event(), monotonic()
    with load(trial.settings.url("api"), name, PATIENT, folder, _LOAD) as outcome:
        for seconds, what, blow in plan:
            pause.wait(seconds)
            console.print(f"{monotonic() - begun:6.1f} s  kill -9 the {what}")
            blow()
        pause.wait(_BETWEEN_SECONDS[1])
    return outcome


def _settled(trial: Trial, outcome: Outcome) -> Comparison:
    """Answers beside rows, when the journal has had time to drain."""
    until, pause = monotonic() + _DRAINED_SECONDS, Event()
    if trial.database is not None:
        _wait(trial.database.answers, _ANSWERS_SECONDS, "the database does not answer any more")
    while (found := compare(outcome, rows_of(trial.log, outcome))).lost and monotonic() < until:
        pause.wait(1)
    return found


def _wait(condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
    until, pause = monotonic() + seconds, Event()
    while not condition():
        if monotonic() > until:
            raise SystemExit(f"{otherwise} after {seconds:.0f} s")
        pause.wait(0.5)


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
