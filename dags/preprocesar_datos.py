"""Cleans, splits and batches the loaded encounters into `CLEAN_DATA`."""

from airflow.sdk import dag, task

from readmission.params import PrepareParams
from wiring import (
    DEFAULTS,
    INITIAL_DATA,
    PREPARED_DATA,
    chosen,
    dag_params,
    get_settings,
    skip,
    started_by_asset,
    unfinished,
    without_retry,
)


@dag(
    dag_display_name="3 · preprocesar_datos",
    schedule=[INITIAL_DATA],
    max_active_runs=1,
    catchup=False,
    default_args=DEFAULTS,
    tags=["readmission", "3"],
    params=dag_params(PrepareParams),
)
def preprocesar_datos() -> None:
    """### 3 · Prepare the data

    Cleans `RAW_DATA.initial_data`, splits it by patient into train, validation and test and cuts train into batches:
    `CLEAN_DATA.train_data` (with `batch_id`), `val_data`, `test_data` and `encounters`, replaced at once. Started by
    a load whose data, params and code are those of the present set, it is skipped; started by hand it always runs.
    Next: `entrenar_modelo` (starts by itself when it is active).
    """

    @task(outlets=[PREPARED_DATA])
    def preparar() -> dict[str, int]:
        from readmission.clean import prepare
        from readmission.training import recovery

        with without_retry():
            settings, params = get_settings(), chosen(PrepareParams)
            recovery.free_lost(settings, unfinished)
            if started_by_asset() and prepare.is_current(settings, params):
                skip("the prepared set is already made of this load with these params and this code")
            prepared = prepare.prepare(settings, params)
        return {"prepared_id": prepared.prepared_id, "batches": len(prepared.batches), **prepared.rows}

    preparar()


preprocesar_datos()
