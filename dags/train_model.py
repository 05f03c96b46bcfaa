"""Trains one forest a batch, registers the best and promotes it if it beats production."""

from typing import Any

from airflow.sdk import TriggerRule, dag, task

from readmission.params import ForestParams
from wiring import DEFAULTS, PREPARED_DATA, chosen, dag_params, get_settings, skip, started_by_asset, without_retry


@dag(
    schedule=[PREPARED_DATA],
    max_active_runs=1,
    catchup=False,
    default_args=DEFAULTS,
    tags=["readmission", "4"],
    params=dag_params(ForestParams),
)
def entrenar_modelo() -> None:
    """### 4 · Train the model

    One mapped task trains one RandomForest a batch, each an MLflow run under one parent run. The batch with the best
    `val_f1` becomes a version of the registered model and is promoted if it beats the version in production on the
    same validation rows; why is written on the version. A failed batch does not stop the others. Started by a
    prepared set that the last training already used, it is skipped; started by hand it always runs.
    """

    @task
    def abrir_entrenamiento() -> dict[str, Any]:
        from readmission.training import batches

        settings, params = get_settings(), chosen(ForestParams)
        with without_retry():
            if started_by_asset() and batches.is_current(settings, params):
                skip("the last training already used this prepared set with these params and this code")
            return batches.begin(settings, params).model_dump()

    @task
    def lotes(plan: Any) -> list[int]:
        return list(plan["batches"])

    @task(map_index_template="{{ lote }}")
    def entrenar_lote(plan: Any, batch_id: int) -> float:
        from airflow.sdk import get_current_context

        from readmission.training import batches

        get_current_context()["lote"] = f"batch {batch_id}"  # type: ignore[typeddict-unknown-key]
        with without_retry():
            result = batches.train_batch(get_settings(), batches.TrainingPlan(**plan), batch_id)
        return result.val.f1

    # At least one success: the plan's own. It runs when every batch failed, to close the training and say so.
    @task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    def seleccionar_modelo(plan: Any) -> dict[str, Any]:
        from readmission.training import batches, selection

        with without_retry():
            outcome = selection.select(get_settings(), batches.TrainingPlan(**plan))
        return {"name": outcome.name, "version": outcome.version, "verdict": str(outcome.verdict)}

    plan = abrir_entrenamiento()
    trained = entrenar_lote.partial(plan=plan).expand(batch_id=lotes(plan))
    trained >> seleccionar_modelo(plan)


entrenar_modelo()
