"""Runs the DAGs one after the other through Airflow's REST API, telling how far each is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic, sleep

from readmission.dag_runs.airflow_api import ENDED, AirflowClient, AirflowError, DagRun, TaskInstance
from readmission.errors import ReadmissionError

PIPELINE = ("crear_bases_si_no_existen", "cargar_datos", "preprocesar_datos", "entrenar_modelo")

WatchTasks = Callable[[str, Sequence[TaskInstance], float], None]
"""Called with a DAG's id, its run's tasks and the seconds since it was triggered."""

_SHOWN_LOG_LINES = 25
_EVERY_SECONDS = 0.5


class RunFailedError(ReadmissionError):
    """A DAG's run failed; the message ends with the log of the task that did."""


def wait_for_dags(airflow: AirflowClient, dag_ids: Sequence[str] = PIPELINE, deadline: float = 180) -> None:
    """Waits until Airflow has read the DAGs.

    Raises:
        AirflowError: it could not, or not in time; the message says why.
    """
    until = monotonic() + deadline
    while missing := [dag_id for dag_id in dag_ids if not airflow.dag_exists(dag_id)]:
        problems = airflow.import_errors()
        if problems or monotonic() > until:
            raise AirflowError(f"Airflow has not read {', '.join(missing)}\n" + "\n".join(problems))
        sleep(_EVERY_SECONDS)


def run_pipeline(
    airflow: AirflowClient,
    watch: WatchTasks,
    conf: Mapping[str, Mapping[str, object]] | None = None,
    steps: Sequence[str] = PIPELINE,
) -> dict[str, float]:
    """Activates and runs DAGs in order, all four unless `steps` says which; gives the seconds each took.

    `conf` holds params by DAG id.

    Runs that were begun before are left to end. Then all DAGs are paused: one that is active would also be started
    by the data of the one before it.

    Raises:
        AirflowError: Airflow refused something.
        RunFailedError: a run failed; those after it are not started.
    """
    finish_begun(airflow, watch)
    for dag_id in PIPELINE:
        airflow.set_paused(dag_id, True)
    return {dag_id: run_dag(airflow, dag_id, watch, (conf or {}).get(dag_id)) for dag_id in steps}


def finish_begun(airflow: AirflowClient, watch: WatchTasks) -> None:
    """Waits for runs that were begun before, such as those that a restart of Airflow takes up again, however they end.

    Raises:
        AirflowError: Airflow refused something, or has not read the DAGs.
    """
    wait_for_dags(airflow)
    begun = monotonic()
    seen: dict[str, DagRun] = {}
    while runs := {run.dag_run_id: run for dag_id in PIPELINE for run in airflow.unfinished(dag_id)}:
        seen |= runs
        for dag_id in {run.dag_id for run in runs.values()}:
            airflow.set_paused(dag_id, False)
        _watch_all(airflow, seen.values(), watch, begun)
        sleep(_EVERY_SECONDS)
    _watch_all(airflow, seen.values(), watch, begun)


def _watch_all(airflow: AirflowClient, runs: Iterable[DagRun], watch: WatchTasks, begun: float) -> None:
    for run in runs:
        watch(run.dag_id, airflow.task_instances(run), monotonic() - begun)


def run_dag(airflow: AirflowClient, dag_id: str, watch: WatchTasks, conf: Mapping[str, object] | None = None) -> float:
    """Activates a DAG, runs it once and waits for the end; gives the seconds it took.

    Raises:
        RunFailedError: the run failed.
    """
    begun = monotonic()
    airflow.set_paused(dag_id, False)
    run = airflow.trigger(dag_id, conf)
    while run.state not in ENDED:
        sleep(_EVERY_SECONDS)
        run = airflow.run(run)
        watch(dag_id, airflow.task_instances(run), monotonic() - begun)
    if run.state == "failed":
        raise RunFailedError(_why(airflow, run))
    return monotonic() - begun


def _why(airflow: AirflowClient, run: DagRun) -> str:
    failed = [task for task in airflow.task_instances(run) if task.state == "failed"]
    if not failed:
        return f"{run.dag_id} failed before a task did; see the run {run.dag_run_id} in Airflow"
    log = "\n".join(airflow.task_log(run, failed[0])[-_SHOWN_LOG_LINES:])
    return f"{run.dag_id} failed at {failed[0].title}. The end of that task's log:\n{log}"
