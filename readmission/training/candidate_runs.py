"""The run of one candidate below its training's: it ends as what is done in it ends."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mlflow.entities import RunStatus
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from connections.failures import words
from connections.model_registry import client
from connections.settings import Settings
from readmission.registry.batch_models import BATCH_TAG
from readmission.registry.removed import naming_removed
from readmission.training.mlflow_runs import open_run
from readmission.training.recovery import running_batches

logger = logging.getLogger(__name__)


@contextmanager
def candidate_run(settings: Settings, parent_run_id: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    """An open run's id; what an earlier attempt at the same candidate left running is ended first.

    Raises:
        RemovedError: the run was removed in MLflow meanwhile.
    """
    tracking = client(settings)
    _end_lost_runs(tracking, parent_run_id, tags[BATCH_TAG])
    run = open_run(tracking, settings, name, dict(tags), parent_run_id)
    try:
        with naming_removed(tracking, run.info.run_id):
            yield run.info.run_id
            tracking.set_terminated(run.info.run_id)
    except BaseException as error:
        _end_as_failed(tracking, run.info.run_id, error)
        raise


def _end_as_failed(tracking: MlflowClient, run_id: str, error: BaseException) -> None:
    try:
        tracking.set_tag(run_id, "error", words(error)[:500])
        tracking.set_terminated(run_id, RunStatus.to_string(RunStatus.FAILED))
    except MlflowException as refusal:  # it was removed, or MLflow is away: the first error is the one to tell
        logger.warning("run %s could not be marked as failed: %s", run_id, words(refusal))


def _end_lost_runs(tracking: MlflowClient, parent_run_id: str, batch: str) -> None:
    """Marks as killed what an earlier attempt at this batch left running, as one whose worker died does."""
    parent = tracking.get_run(parent_run_id)
    for run in running_batches(tracking, parent, f" and tags.{BATCH_TAG} = '{batch}'"):
        logger.warning("batch %s: run %s was left running by an attempt that died", batch, run.info.run_id)
        tracking.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))
