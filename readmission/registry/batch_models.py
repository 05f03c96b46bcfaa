"""How a training's models are found in MLflow: the finished runs of its batches, and the models that they gave."""

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from readmission.errors import RemovedError

BATCH_TAG = "batch_id"
FINAL_MODEL = "modelo_entrenado_final"


def batch_runs(tracking: MlflowClient, parent_run_id: str) -> list[Run]:
    """The finished batch runs of a training, by batch."""
    experiment = tracking.get_run(parent_run_id).info.experiment_id
    found = tracking.search_runs(
        [experiment], f"tags.mlflow.parentRunId = '{parent_run_id}' and attributes.status = 'FINISHED'"
    )
    return sorted(found, key=lambda run: int(run.data.tags[BATCH_TAG]))


def logged_model_id(run: Run) -> str:
    """The LoggedModel that a finished batch run gave.

    Raises:
        RemovedError: it was removed.
    """
    outputs = run.outputs.model_outputs if run.outputs else []
    if not outputs:
        raise RemovedError(f"the run {run.info.run_name!r} ({run.info.run_id}) has no model in MLflow any more")
    return str(outputs[0].model_id)
