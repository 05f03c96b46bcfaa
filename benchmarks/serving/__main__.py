"""How fast the service answers, and whether each answer was durably logged: `make bench-serving`.

Starts everything itself: an MLflow with a 300-tree forest that is trained here, an empty handler as the floor, `mlflow
models serve` of the same version, and the service on SQLite and on the MySQL of Compose. wrk asks them in turn.
"""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import stores
from benchmarks.serving import machine, table
from benchmarks.serving.filled import compare_filled
from benchmarks.serving.rounds import Series, measure
from benchmarks.serving.subjects import Start, Subject, floor, mlflow_models_serve, on_mysql, on_sqlite, with_shadow
from connections.settings import Settings

SUBJECTS: dict[str, tuple[str, Start]] = {
    "floor": (table.FLOOR, floor),
    "mlflow": (table.MLFLOW, mlflow_models_serve),
    "mysql": (table.MYSQL, on_mysql),
    "sqlite": (table.SQLITE, on_sqlite),
    "shadow": (table.SHADOW, with_shadow),
}
console = Console(highlight=False, soft_wrap=True)


def main(
    seconds: Annotated[float, typer.Option(min=1, help="of each load")] = 8,
    rounds: Annotated[int, typer.Option(min=1, help="of every load; the figures are their medians")] = 3,
    only: Annotated[str, typer.Option(help="some of floor, mlflow, mysql, sqlite, shadow, with commas between")] = "",
    workers: Annotated[int, typer.Option(min=1, help="processes of each server")] = 1,
    rows: Annotated[int, typer.Option(help="also ask a MySQL table that holds so many rows already")] = 0,
) -> None:
    """Prints a table of medians, and whether each bar is reached; ends with 1 where one is not."""
    chosen = _chosen(only)
    with stores.scratch() as folder, ExitStack() as running:
        console.print(f"{machine.described()}; fdatasync of 4 KiB {machine.fdatasync_milliseconds(folder):.2f} ms")
        settings = running.enter_context(stores.registry(folder))
        console.print(f"training one forest of {stores.TREES} trees on {settings.dataset_source}")
        stores.put_in_production(settings)
        subjects = _started(chosen, settings, folder, workers, running)
        series = measure(subjects, rounds, seconds, console.print)
        _report(series)
        verdicts = table.verdicts(series)
        if rows and table.MYSQL in subjects:
            verdicts += compare_filled(subjects[table.MYSQL], rows, rounds, seconds, console.print)
    for _, line in verdicts:
        console.print(line)
    _say_what_was_skipped(chosen)
    raise typer.Exit(not all(holds for holds, _ in verdicts))


def _chosen(only: str) -> list[str]:
    wanted = [name.strip() for name in only.split(",") if name.strip()] or list(SUBJECTS)
    if unknown := [name for name in wanted if name not in SUBJECTS]:
        raise typer.BadParameter(f"--only: {', '.join(unknown)}: there are {', '.join(SUBJECTS)}")
    return wanted


def _started(
    chosen: list[str], settings: Settings, folder: Path, workers: int, running: ExitStack
) -> dict[str, Subject]:
    subjects = {}
    for key in chosen:
        if key == "mysql" and not stores.docker_answers():
            continue
        name, start = SUBJECTS[key]
        console.print(f"starting {name}")
        (folder / key).mkdir()
        subjects[name] = running.enter_context(start(settings, folder / key, workers))
    return subjects


def _report(series: dict[str, Series]) -> None:
    console.print()
    for line in table.rows(series):
        console.print(line)
    console.print()


def _say_what_was_skipped(chosen: list[str]) -> None:
    if "mysql" in chosen and not stores.docker_answers():
        console.print("*** SKIPPED: MySQL. No Docker engine answers here, so NOTHING about it was measured.")


if __name__ == "__main__":
    if "--help" not in sys.argv:
        typer.run(main)
