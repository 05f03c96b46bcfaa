"""With every DAG active, a load starts what follows: nothing when the file is the same, one training when it is not."""

from collections.abc import Callable
from time import monotonic

import pytest

from readmission.dag_runs.airflow_api import ENDED, AirflowClient, DagRun
from readmission.dag_runs.run import PIPELINE
from tests.conftest import Poll
from tests.e2e.stack import Stack
from tests.outside.dataset import CSV
from tests.outside.pipeline import parents

pytestmark = pytest.mark.usefixtures("pipeline")

LOAD, PREPARE, TRAIN = PIPELINE[1:]


def test_the_same_file_trains_nothing(stack: Stack, poll: Poll) -> None:
    trainings = len(parents(stack))
    with stack.airflow as airflow:
        _activate(airflow)
        prepared = _next_run(airflow, PREPARE, poll, lambda: _load(airflow, poll))
        assert [task.state for task in airflow.task_instances(prepared)] == ["skipped"]
        _come_to_rest(airflow, poll)
    assert len(parents(stack)) == trainings


def test_a_changed_file_trains_exactly_once(stack: Stack, poll: Poll) -> None:
    trainings = len(parents(stack))
    with stack.airflow as airflow:
        before = len(airflow.runs(TRAIN))
        _change(stack)
        trained = _next_run(airflow, TRAIN, poll, lambda: _load(airflow, poll))
        assert trained.state == "success"
        _come_to_rest(airflow, poll)
        assert len(airflow.runs(TRAIN)) == before + 1
    assert len(parents(stack)) == trainings + 1


def _activate(airflow: AirflowClient) -> None:
    for dag_id in PIPELINE:
        airflow.set_paused(dag_id, False)


def _load(airflow: AirflowClient, poll: Poll) -> None:
    run = airflow.trigger(LOAD)
    assert _ended(airflow, run, poll).state == "success"


def _next_run(airflow: AirflowClient, dag_id: str, poll: Poll, start: Callable[[], None]) -> DagRun:
    """The run of `dag_id` that `start` leads to, when it has ended."""
    known = {run.dag_run_id for run in airflow.runs(dag_id)}
    start()
    (new,) = poll(lambda: [run for run in airflow.runs(dag_id) if run.dag_run_id not in known], deadline=180, every=1)
    return _ended(airflow, new, poll)


def _ended(airflow: AirflowClient, run: DagRun, poll: Poll) -> DagRun:
    poll(lambda: airflow.run(run).state in ENDED, deadline=400, every=1)
    return airflow.run(run)


def _come_to_rest(airflow: AirflowClient, poll: Poll) -> None:
    """Until the scheduler, which looks for new data every second or two, has started nothing for 15 seconds."""
    quiet_since = monotonic()

    def at_rest() -> bool:
        nonlocal quiet_since
        if any(airflow.unfinished(dag_id) for dag_id in PIPELINE):
            quiet_since = monotonic()
        return monotonic() - quiet_since > 15

    poll(at_rest, deadline=400, every=1)


def _change(stack: Stack) -> None:
    """Takes as many encounters away as a load may; trainings are shorter from here on."""
    path = stack.data / CSV
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) > 20_000
    changed = path.with_suffix(".new")
    changed.write_bytes(b"".join(lines[: len(lines) * 55 // 100]))
    changed.chmod(0o644)
    changed.replace(path)
