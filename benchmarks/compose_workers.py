"""How long a training takes with one Celery worker and with two, each running one task (`n_jobs=1`) at a time.

Measures the services that `make up` started and `make run-pipeline` filled, and leaves them as `make up` does:

    python -m benchmarks.compose_workers --rounds 2
"""

import subprocess
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from connections.settings import Settings, get_settings, machine_environment
from readmission.dag_runs.airflow_api import AirflowClient
from readmission.dag_runs.run import run_dag

TRAIN = "entrenar_modelo"
# Workers, and tasks that each runs at a time.
ARRANGEMENTS = ((1, 1), (2, 1), (1, 2))


def main(rounds: Annotated[int, typer.Option(min=1, help="trainings of each arrangement")] = 2) -> None:
    """Prints the median seconds of a training for each arrangement, one worker with one task being 1."""
    settings = get_settings()
    seconds = {arrangement: _measure(settings, *arrangement, rounds) for arrangement in ARRANGEMENTS}
    _start(1, None)
    table = Table("Workers", "Tasks each", "Training (s)", "Speed")
    for (workers, tasks), took in seconds.items():
        table.add_row(str(workers), str(tasks), f"{took:.0f}", f"{seconds[1, 1] / took:.2f}")
    Console().print(table)


def _measure(settings: Settings, workers: int, tasks: int, rounds: int) -> float:
    _start(workers, tasks)
    password = settings.airflow_admin_password.get_secret_value()
    with AirflowClient(settings.url("airflow"), settings.airflow_admin_user, password) as airflow:
        return median(run_dag(airflow, TRAIN, lambda _dag, _tasks, _seconds: None) for _ in range(rounds))


def _start(workers: int, tasks: int | None) -> None:
    """Gives the stack so many workers; `tasks` None is what its settings say."""
    chosen = {} if tasks is None else {"AIRFLOW_WORKER_CONCURRENCY": str(tasks)}
    command = ("docker", "compose", "up", "--detach", "--wait", "--scale", f"airflow-worker={workers}")
    subprocess.run(command, env=machine_environment() | chosen, check=True, capture_output=True)


if __name__ == "__main__":
    typer.run(main)
