"""Trains one forest a batch, registers the best and promotes it if it beats production."""

from typing import Any

from airflow.sdk import TriggerRule, dag, task

from readmission.params import TrainParams
from wiring import (
    DEFAULTS,
    PREPARED_DATA,
    chosen,
    dag_params,
    get_settings,
    skip,
    started_by_asset,
    state_of,
    this_run,
    unfinished,
    without_retry,
)


@dag(
    dag_display_name="4 · entrenar_modelo",
    schedule=[PREPARED_DATA],
    max_active_runs=1,
    catchup=False,
    default_args=DEFAULTS,
    tags=["readmission", "4"],
    params=dag_params(TrainParams),
)
def entrenar_modelo() -> None:
    """### 4 · Train the model

    One mapped task trains one RandomForest a batch, each an MLflow run under one parent run; then they vote. The best
    of them becomes a version of the registered model, and is promoted if it is surely better than the one in production
    on the same patients, or anyhow where `force_promote` gives a reason; the ledger keeps why. A failed batch does not
    stop the others. A training that is broken off is closed when its last process is gone. Started by a prepared set
    that the last training already used, it is skipped; started by hand it always runs.
    """

    @task
    def abrir_entrenamiento() -> dict[str, Any]:
        from readmission.training import batches, recovery

        with without_retry():
            settings, params = get_settings(), chosen(TrainParams)
            recovery.free_lost(settings, unfinished, this_run())
            if started_by_asset() and batches.is_current(settings, params.forest):
                skip("the last training already used this prepared set with these params and this code")
            plan = batches.begin(settings, params.forest, owner=this_run(), force_promote=params.force_promote)
            return plan.model_dump()

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

    # A teardown also runs when a person marks the run as failed, and its end is then the run's: whatever did not end
    # well has to fail it.
    @task
    def cerrar_entrenamiento(plan: Any) -> None:
        from readmission.training import recovery

        with without_retry():
            if plan is None and state_of("abrir_entrenamiento") == "skipped":
                skip("no training was begun")
            recovery.close(get_settings(), plan and plan["parent_run_id"])

    plan = abrir_entrenamiento()
    trained = entrenar_lote.partial(plan=plan).expand(batch_id=lotes(plan))
    trained >> seleccionar_modelo(plan) >> cerrar_entrenamiento(plan).as_teardown(on_failure_fail_dagrun=True)


entrenar_modelo()
