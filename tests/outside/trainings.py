"""A training that runs in Docker while something happens, and what it left in Airflow, MLflow and MySQL."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion

from readmission.dag_runs.airflow_api import ENDED, AirflowError, TaskInstance
from readmission.dag_runs.run import PIPELINE
from tests.e2e.stack import Stack
from tests.outside.pipeline import MODEL, number, parents, runs

TRAIN = PIPELINE[-1]
_EXPERIMENTS = "SELECT COUNT(*) FROM CLEAN_DATA.experiments WHERE run_id IN ({})"


@dataclass(frozen=True)
class Trained:
    """What one DAG run left: of a training that nothing happened to, each number is 1 (`batches`: of each batch)."""

    state: str
    tries: int
    seconds: float
    trainings: int
    batches: Mapping[str, int]
    expected: int
    rows: int
    versions: int
    open_runs: int

    @property
    def holds(self) -> bool:
        """Whether it ended well, with each batch trained, their vote, and each row and version written once."""
        once = self.trainings == self.versions == 1 and set(self.batches.values()) == {1}
        return (
            self.state == "success" and once and len(self.batches) == self.rows == self.expected and not self.open_runs
        )


class Training:
    """One run of the DAG, started by hand."""

    def __init__(self, stack: Stack, params: Mapping[str, object] | None = None) -> None:
        self._stack = stack
        self._before = {run.info.run_id for run in parents(stack)}
        self._begun = monotonic()
        with stack.airflow as airflow:
            airflow.set_paused(TRAIN, False)
            self.run = airflow.trigger(TRAIN, params)

    def is_at(self, state: str) -> bool:
        """Whether a batch is in this state of Airflow's."""
        return any(task.task_id == "entrenar_lote" and task.state == state for task in self._tasks())

    def has_ended(self) -> bool:
        """Whether its run has ended, as far as Airflow answers."""
        try:
            with self._stack.airflow as airflow:
                return airflow.run(self.run).state in ENDED
        except AirflowError:
            return False

    def outcome(self) -> Trained:
        """What it left, once it has ended."""
        seconds, tries = round(monotonic() - self._begun, 1), max(task.try_number for task in self._tasks())
        mine = [run for run in parents(self._stack) if run.info.run_id not in self._before]
        done = [run for run in mine if run.info.status == "FINISHED"]
        children = [child for run in mine for child in _children(self._stack, run)]
        kept = [child for child in children if child.info.status == "FINISHED" and _parent(child) in _ids(done)]
        batches = number(self._stack, "SELECT COUNT(DISTINCT batch_id) FROM CLEAN_DATA.train_data")
        with self._stack.airflow as airflow:
            state = airflow.run(self.run).state
        return Trained(
            state=state,
            tries=tries,
            seconds=seconds,
            trainings=len(done),
            batches=Counter(child.data.tags["batch_id"] for child in kept),
            expected=batches + (batches > 1),  # their vote, too
            rows=number(self._stack, _EXPERIMENTS.format(", ".join(f"'{one}'" for one in _ids(kept)) or "''")),
            versions=sum(len(self._versions(run)) for run in mine),
            open_runs=sum(run.info.status in ("RUNNING", "SCHEDULED") for run in (*mine, *children)),
        )

    def _tasks(self) -> list[TaskInstance]:
        try:
            with self._stack.airflow as airflow:
                return airflow.task_instances(self.run)
        except AirflowError:
            return []

    def _versions(self, run: Run) -> list[ModelVersion]:
        return list(self._stack.mlflow.search_model_versions(f"name='{MODEL}' and run_id='{run.info.run_id}'"))


def _children(stack: Stack, run: Run) -> list[Run]:
    return runs(stack, f"tags.mlflow.parentRunId = '{run.info.run_id}'")


def _parent(run: Run) -> str:
    return str(run.data.tags["mlflow.parentRunId"])


def _ids(of: list[Run]) -> set[str]:
    return {str(run.info.run_id) for run in of}
