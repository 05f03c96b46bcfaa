"""How a training's models are found in MLflow: the finished runs of its candidates, and the models that they gave.

The candidates are the forests of its batches and the vote of them all.
"""

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from readmission.errors import RemovedError

BATCH_TAG = "batch_id"
# What stands in the tag of the vote.
ALL_BATCHES = "all"
ENSEMBLE_MODEL = "modelo_entrenado_ensemble"
FINAL_MODEL = "modelo_entrenado_final"


def model_name(batch: str) -> str:
    """What the model of a batch, or of the vote of all, is called in MLflow."""
    return ENSEMBLE_MODEL if batch == ALL_BATCHES else f"modelo_entrenado_batch{batch}"


def described(batch: str) -> str:
    """The same as people call it."""
    return "the vote of all batches" if batch == ALL_BATCHES else f"batch {batch}"


def batch_runs(tracking: MlflowClient, parent_run_id: str) -> list[Run]:
    """The finished batch runs of a training, by batch."""
    return [run for run in candidate_runs(tracking, parent_run_id) if run.data.tags[BATCH_TAG] != ALL_BATCHES]


def candidate_runs(tracking: MlflowClient, parent_run_id: str) -> list[Run]:
    """The finished runs of a training's batches, by batch, and that of their vote."""
    experiment = tracking.get_run(parent_run_id).info.experiment_id
    found = tracking.search_runs(
        [experiment], f"tags.mlflow.parentRunId = '{parent_run_id}' and attributes.status = 'FINISHED'"
    )
    return sorted(found, key=lambda run: _place(run.data.tags[BATCH_TAG]))


def _place(batch: str) -> float:
    return float("inf") if batch == ALL_BATCHES else int(batch)


def logged_model_id(run: Run) -> str:
    """The LoggedModel that a finished batch run gave.

    Raises:
        RemovedError: it was removed.
    """
    outputs = run.outputs.model_outputs if run.outputs else []
    if not outputs:
        raise RemovedError(f"the run {run.info.run_name!r} ({run.info.run_id}) has no model in MLflow any more")
    return str(outputs[0].model_id)
