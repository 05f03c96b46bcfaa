"""How the progress of services and DAGs is told, with and without a terminal."""

from io import StringIO

from rich.console import Console

from readmission.dag_runs.airflow_api import TaskInstance
from readmission.dag_runs.progress_table import ProgressTable


def _task(task_id: str, state: str | None, map_index: int = -1) -> TaskInstance:
    return TaskInstance(task_id=task_id, map_index=map_index, state=state, try_number=1)


def _told(*steps: list[TaskInstance], terminal: bool = False) -> str:
    console = Console(file=StringIO(), force_terminal=terminal, width=200)
    with ProgressTable(console, "Pipeline", "DAG") as table:
        for seconds, tasks in enumerate(steps):
            table.dag("entrenar_modelo", tasks, seconds)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_mapped_tasks_are_counted() -> None:
    batches = [_task("entrenar_lote", state, n) for n, state in enumerate(["success", "success", "running", None])]
    told = _told([_task("abrir", "success"), *batches])
    assert "abrir success, entrenar_lote 2/4 (1 running, 1 waiting)" in told


def test_without_a_terminal_only_changes_are_told() -> None:
    running, done = [_task("preparar", "running")], [_task("preparar", "success")]
    told = _told(running, running, running, done).splitlines()
    assert [line.split("preparar ")[-1] for line in told[1:]] == ["running", "success"]


def test_a_terminal_shows_the_last_state() -> None:
    assert "preparar success" in _told([_task("preparar", "running")], [_task("preparar", "success")], terminal=True)
