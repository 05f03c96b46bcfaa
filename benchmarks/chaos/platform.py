"""Everything that can go wrong, one after the other, each during a training and under load: `make chaos SEED=1`.

Each round begins a training, lets one thing go wrong while a batch is trained, and lends no hand: it waits until the
training has ended and all is healthy, and holds rows, versions and predictions against what was asked.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.console import Console

from benchmarks import stores
from benchmarks.chaos.matrix import Fault, Matrix
from benchmarks.trial import wait
from compose.status import ANSWERS
from readmission import clock
from readmission.dag_runs.airflow_api import ENDED
from readmission.dag_runs.run import PIPELINE
from tests.e2e import made
from tests.e2e.stack import Stack
from tests.outside.answers import Comparison, Outcome, compare, rows_of
from tests.outside.faults import pause
from tests.outside.health import is_drained
from tests.outside.serving import ORIGINAL
from tests.outside.trainings import TRAIN, Trained, Training
from tests.outside.under_load import Load, load

PROJECT, DISKS = "readmission-chaos", Path(__file__).with_name("small_disks.yml")
# What was killed is soon up again; what a thing that lasts does shows after a while.
LASTS_SECONDS, LOOK_SOON_SECONDS, LOOK_LATER_SECONDS = 30.0, 1.0, 4.0
# By then `make status` has to name it.
NAMED_SECONDS = 20.0
PREPARE, BATCH_SIZE = PIPELINE[2], 40_000
BEGUN_SECONDS, SETTLED_SECONDS = 240.0, 600.0
LIGHT = Load(processes=1, at_once=4, pause=0.02)
HEADINGS = (
    "what went wrong", "training", "tries", "s", "answered", "journal", "withheld", "broken", "lost", "doubled",
    "status", "logs", "healthy", "holds",
)  # fmt: skip
# What logs say of a full disk, and what they call a service, beside its name.
FULL = ("No space left", "disk is full", "disk full", "free space")
CALLED = {
    "mysql": ("the database",),
    "mlflow": ("MLflow",),
    "minio": ("the store", "S3"),
    "airflow-worker": ("celery@",),
}
console = Console(highlight=False, soft_wrap=True)


@dataclass
class Round:
    """What one fault did."""

    fault: Fault
    outcome: Outcome
    status_names: bool = False
    logs_name: bool = False
    healthy: bool = False
    trained: Trained | None = None
    rows: Comparison | None = None

    @property
    def holds(self) -> bool:
        """Whether the training ended well, once, each answer is a row, and everything is healthy without a hand."""
        return bool(self.healthy and self.trained and self.trained.holds and self.rows and self.rows.holds)

    def line(self) -> str:
        """The round in the table."""
        ended = (
            (self.trained.state, self.trained.tries, self.trained.seconds) if self.trained else ("not ended", "", "")
        )
        rows = self.rows
        told = (len(rows.lost), len(rows.doubled)) if rows else ("?", "?")
        seen = (len(self.outcome.answered), self.outcome.logged["journal"], len(self.outcome.statuses))
        yes = ("yes" if one else "no" for one in (self.status_names, self.logs_name, self.healthy, self.holds))
        cells = (self.fault.name, *ended, *seen, len(self.outcome.broken), *told, *yes)
        return f"| {' | '.join(map(str, cells))} |"


def main(
    seed: Annotated[int, typer.Option(envvar="SEED", help="decides the order")] = 1,
    rounds: Annotated[int, typer.Option(envvar="ROUNDS", min=0, help="0 for all")] = 0,
    only: Annotated[str, typer.Option(help="kinds, with commas: kill, pause, disk, pair, all")] = "",
    name: Annotated[str, typer.Option(help="only what has this in its name, or one of these, with commas")] = "",
) -> None:
    """Prints a table of the rounds; ends with 1 where one does not hold."""
    if not stores.docker_answers():
        raise SystemExit("make chaos needs a Docker engine, and none answers")
    figures: dict[str, Any] = {"not_proven": []}
    with stores.scratch() as folder:
        stack = made.prepared(PROJECT, folder, figures, (DISKS,))
        try:
            _start(stack, figures)
            faults = Matrix(stack, random.Random(seed)).faults()
            kinds = only.split(",") if only else {fault.kind for fault in faults}
            chosen = [
                fault for fault in faults if fault.kind in kinds and any(part in fault.name for part in name.split(","))
            ]
            played = [_played(stack, folder, fault, number) for number, fault in enumerate(chosen[: rounds or None])]
        finally:
            stack.remove()
    console.print(f"\nseed {seed}\n\n| {' | '.join(HEADINGS)} |\n|{' --- |' * len(HEADINGS)}")
    for one in played:
        console.print(one.line())
    raise typer.Exit(not all(one.holds for one in played))


def _start(stack: Stack, figures: dict[str, Any]) -> None:
    stack.remove()
    stack.compose("up", "--detach", "disks")
    made.built_and_started(stack, figures)
    stack.compose("run", "--rm", "--no-deps", "-T", "run-pipeline")
    _prepare_few_batches(stack)
    console.print(f"the platform runs ({figures['memory_when_healthy_mb']} MB), and a model is in production")


def _prepare_few_batches(stack: Stack) -> None:
    """Fewer batches, so that a training takes a minute where nothing goes wrong; the first one starts by itself."""
    with stack.airflow as airflow:
        known = {run.dag_run_id for run in airflow.runs(TRAIN)}
        airflow.trigger(PREPARE, {"batch_size": BATCH_SIZE})

        def trained() -> bool:
            return any(run.dag_run_id not in known and run.state in ENDED for run in airflow.runs(TRAIN))

        assert wait(trained, SETTLED_SECONDS), "the data were not prepared, or not trained on"


def _played(stack: Stack, folder: Path, fault: Fault, number: int) -> Round:
    name, url = f"chaos-{uuid4().hex[:8]}", stack.address("api", 8000)
    with load(url, stack.api_key, name, ORIGINAL, folder, LIGHT) as outcome:
        one, since = Round(fault, outcome), clock.now().isoformat()
        training = Training(stack, {"n_estimators": 50, "random_state": number})
        wait(lambda: training.is_at("running"), BEGUN_SECONDS)
        with ThreadPoolExecutor(1) as pool:
            striking = pool.submit(fault.strike, LASTS_SECONDS)
            pause(LOOK_SOON_SECONDS if fault.kind in ("kill", "all") else LOOK_LATER_SECONDS)
            one.status_names = wait(lambda: _status_names(stack, fault), NAMED_SECONDS)
            striking.result()  # what did not go wrong proves nothing
        ended = wait(training.has_ended, SETTLED_SECONDS)
        one.healthy = wait(lambda: _all_healthy(stack) and is_drained(url), SETTLED_SECONDS)
    one.logs_name = _logs_name(stack, fault, since)
    one.trained = training.outcome() if ended else None
    one.rows = compare(outcome, rows_of(stack.database("api", "RAW_DATA"), outcome)) if one.healthy else None
    console.print(one.line())
    if not one.holds:
        console.print(f"  {one.trained}\n  {one.rows}\n  {outcome.failed[:3]}")
    return one


def _status_names(stack: Stack, fault: Fault) -> bool:
    """Whether `make status` says of a service that something is wrong with it, or that it does without something."""
    lines = [line for line in stack.status().splitlines() if any(one in line.split() for one in fault.services)]
    return any(ANSWERS not in line.split() for line in lines)


def _logs_name(stack: Stack, fault: Fault, since: str) -> bool:
    """Whether another service's log, or its own, names what was wrong."""
    said = stack.compose("logs", "--no-color", "--since", since).splitlines()
    wanted = (
        FULL if fault.kind == "disk" else [word for one in fault.services[-1:] for word in (one, *CALLED.get(one, ()))]
    )
    return any(word in line.partition("|")[2] for line in said for word in wanted)


def _all_healthy(stack: Stack) -> bool:
    listed = stack.try_compose("ps", "--all", "--format", "json").stdout.splitlines()
    return bool(listed) and all(_is_well(json.loads(line)) for line in listed)


def _is_well(container: dict[str, Any]) -> bool:
    if container["State"] == "exited":
        return bool(container["ExitCode"] == 0)
    return container["State"] == "running" and container["Health"] in ("healthy", "")


if __name__ == "__main__":
    typer.run(main)
