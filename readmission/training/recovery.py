"""What becomes of a training that ended otherwise than it should: its data are freed and its MLflow runs closed."""

import logging
from collections.abc import Callable
from time import sleep

from mlflow.entities import Run, RunStatus
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from connections.failures import words
from connections.model_registry import client
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from readmission.errors import InUseError, TrainingError
from readmission.registry.removed import naming_removed, refused
from readmission.storage import leases
from readmission.storage.leases import PREPARED_SET, Lease, Owner

logger = logging.getLogger(__name__)

AskAirflow = Callable[[str, str], bool]
"""Called with a DAG's id and a run's: whether the run has not ended, or one of its tasks runs or is queued."""

_KILLED = RunStatus.to_string(RunStatus.KILLED)
_LOOK_SECONDS = 1.0


def free_lost(settings: Settings, unfinished: AskAirflow, me: Owner | None = None) -> Lease | None:
    """Takes the prepared set from a training that is no more, closes its runs, and says which it was.

    An earlier attempt of the same DAG run, `me`, is no more either.

    Raises:
        InUseError: one of its processes lives, or its DAG run has not ended.
    """
    engine = engine_for(settings, "CLEAN_DATA")
    with database_lock(engine, PREPARED_SET):
        lease = leases.held(engine, PREPARED_SET)
        if lease is None:
            return None
        if lease.owner != me and (lease.alive or _goes_on(lease.owner, unfinished)):
            raise InUseError(str(lease))
        return _free(settings, lease)


def free_by_force(settings: Settings) -> Lease | None:
    """Takes the prepared set from whoever holds it: a person knows that it is no more."""
    lease = leases.held(engine_for(settings, "CLEAN_DATA"), PREPARED_SET)
    return None if lease is None else _free(settings, lease)


def close(settings: Settings, parent_run_id: str | None) -> None:
    """Ends a training, if it was broken off, when the last of its processes is gone.

    Raises:
        TrainingError: it was broken off (its runs are closed then, and the data free), failed, or never began.
    """
    if parent_run_id is None:
        raise TrainingError("no training was begun; the log of abrir_entrenamiento says why")
    engine, tracking = engine_for(settings, "CLEAN_DATA"), client(settings)
    while (lease := leases.held(engine, PREPARED_SET)) and lease.holder == parent_run_id and lease.alive:
        sleep(_LOOK_SECONDS)
    if give_up(settings, parent_run_id):
        raise TrainingError(
            "the training was broken off before it came to a model; its runs in MLflow are closed, and the data are "
            "free: run entrenar_modelo again"
        )
    with naming_removed(tracking, parent_run_id):
        if tracking.get_run(parent_run_id).info.status != "FINISHED":
            raise TrainingError("the training failed; the log of the task that failed before this one says why")


def _goes_on(owner: Owner, unfinished: AskAirflow) -> bool:
    return owner.dag_id is not None and unfinished(owner.dag_id, owner.run_id)


def _free(settings: Settings, lease: Lease) -> Lease:
    give_up(settings, lease.holder)
    logger.warning("freed the prepared set, which %s left in use; its runs are closed", lease.owner)
    return lease


def give_up(settings: Settings, parent_run_id: str, status: str = _KILLED) -> bool:
    """Ends a training's runs that are still open, its batches' as killed, and frees its data.

    Says whether the training's own run was open. Data stay held while MLflow does not answer: the lease tells whoever
    wants them next which runs are to be closed.
    """
    was_open = _end_runs(client(settings), parent_run_id, status)
    leases.release(engine_for(settings, "CLEAN_DATA"), PREPARED_SET, parent_run_id)
    return was_open


def _end_runs(tracking: MlflowClient, parent_run_id: str, status: str) -> bool:
    """Runs that were removed in MLflow are none to end."""
    try:
        parent = tracking.get_run(parent_run_id)
        for run in running_batches(tracking, parent):
            tracking.set_terminated(run.info.run_id, _KILLED)
        open_still = bool(parent.info.status == "RUNNING")
        if open_still:
            tracking.set_terminated(parent_run_id, status)
    except MlflowException as error:
        if not refused(error):
            raise
        logger.warning("the runs of training %s were removed in MLflow: %s", parent_run_id, words(error))
        return False
    return open_still


def running_batches(tracking: MlflowClient, parent: Run, condition: str = "") -> list[Run]:
    """A training's batch runs that are open, of those that fulfil the condition in MLflow's words."""
    mine = f"tags.mlflow.parentRunId = '{parent.info.run_id}' and attributes.status = 'RUNNING'{condition}"
    return list(tracking.search_runs([parent.info.experiment_id], mine))
