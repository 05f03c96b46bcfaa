"""What somebody removed by hand, in MLflow or in its store: which it was, and how it is put right."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from connections.failures import words
from readmission.errors import RemovedError

_TOO_MANY_REQUESTS = 429


def refused(error: MlflowException) -> bool:
    """Whether MLflow answered, and would answer the same again: what was asked for is not there, or not allowed."""
    status = error.get_http_status_code()  # type: ignore[no-untyped-call]  # MLflow leaves it untyped
    return bool(400 <= status < 500 and status != _TOO_MANY_REQUESTS)


@contextmanager
def naming_removed(tracking: MlflowClient, *run_ids: str) -> Iterator[None]:
    """Says what was removed when MLflow refuses to go on with these runs.

    Raises:
        RemovedError: the message says what, and how to go on.
    """
    try:
        yield
    except MlflowException as error:
        # Its client says of a deleted run what it says of a failing server, so that only a look tells them apart.
        found = [told for run_id in run_ids if (told := _removed(tracking, run_id))]
        if not found and not refused(error):
            raise
        raise RemovedError(found[0] if found else f"MLflow refused: {words(error)}") from error


def _removed(tracking: MlflowClient, run_id: str) -> str | None:
    try:
        run = tracking.get_run(run_id)
    except MlflowException as error:
        if not refused(error):
            return None
        return f"the run {run_id} was removed from MLflow while it was being trained; run entrenar_modelo again"
    experiment = tracking.get_experiment(run.info.experiment_id)
    if experiment.lifecycle_stage == "deleted":
        return (
            f"the experiment {experiment.name!r} was deleted in MLflow while it was being trained; run entrenar_modelo "
            "again, which restores it"
        )
    if run.info.lifecycle_stage == "deleted":
        name = f"{run.info.run_name!r} ({run_id})"
        return f"the run {name} was deleted in MLflow while it was being trained; run entrenar_modelo again"
    return None
