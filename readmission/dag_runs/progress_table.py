"""What a person sees while services start and DAGs run; plain lines where there is no terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from readmission.dag_runs.airflow_api import TaskInstance
from readmission.progress import Progress as Report

_COLOURS = {
    "healthy": "green",
    "success": "green",
    "running": "yellow",
    "failed": "red",
    "up_for_retry": "red",
    "upstream_failed": "red",
}


class ProgressTable:
    """A table that is redrawn as its rows change; without a terminal, a line a change."""

    def __init__(self, console: Console, title: str, first_column: str) -> None:
        self._console = console
        self._title, self._first_column = title, first_column
        self._rows: dict[str, tuple[str, float]] = {}
        self._begun = monotonic()
        self._live = Live(console=console, refresh_per_second=4, get_renderable=self._table)

    def __enter__(self) -> Self:
        """Shows the table until the end of the block."""
        if self._console.is_terminal:
            self._live.start()
        else:
            self._console.print(self._title)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def service(self, name: str, doing: str) -> None:
        """Says what a service does now."""
        self._set(name, doing, monotonic() - self._begun)

    def dag(self, dag_id: str, tasks: Sequence[TaskInstance], seconds: float) -> None:
        """Says what a DAG's tasks do now."""
        self._set(dag_id, _summary(tasks), seconds)

    def _set(self, name: str, text: str, seconds: float) -> None:
        changed = self._rows.get(name, ("", 0.0))[0] != text
        self._rows[name] = (text, seconds)
        if changed and not self._console.is_terminal:
            self._console.print(f"  {seconds:5.0f} s  {name}: {text}", highlight=False, markup=False, soft_wrap=True)

    def _table(self) -> Table:
        table = Table(title=self._title, title_justify="left")
        table.add_column(self._first_column)
        table.add_column("", min_width=40)
        table.add_column("s", justify="right")
        for name, (text, seconds) in self._rows.items():
            table.add_row(name, _coloured(text), f"{seconds:.0f}")
        return table


def _summary(tasks: Sequence[TaskInstance]) -> str:
    by_task: dict[str, Counter[str]] = {}
    for task in tasks:
        by_task.setdefault(task.task_id, Counter())[task.state or "waiting"] += 1
    return ", ".join(f"{task_id} {_counts(states)}" for task_id, states in by_task.items())


def _counts(states: Counter[str]) -> str:
    total = states.total()
    if total == 1:
        return next(iter(states))
    done = states["success"]
    others = ", ".join(f"{count} {state}" for state, count in states.items() if state != "success")
    return f"{done}/{total}" + (f" ({others})" if others else "")


def _coloured(text: str) -> Text:
    colour = next((colour for word, colour in _COLOURS.items() if text.endswith(word)), None)
    return Text(text, style=colour or "")


@contextmanager
def download_progress(console: Console, title: str) -> Iterator[Report]:
    """A bar for work that reports how much is done of how much."""
    with Progress(console=console, transient=True) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
