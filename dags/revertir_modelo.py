"""Puts the version that served before back into production."""

from airflow.sdk import dag, task

from readmission.params import RollbackParams
from wiring import DEFAULTS, chosen, dag_params, get_settings, this_run, without_retry


@dag(
    dag_display_name="5 · revertir_modelo",
    schedule=None,
    max_active_runs=1,
    catchup=False,
    default_args=DEFAULTS,
    tags=["readmission", "5"],
    params=dag_params(RollbackParams),
)
def revertir_modelo() -> None:
    """### 5 · Roll the model back

    Puts the version that served before the one in production back, by the ledger `CLEAN_DATA.promotions`, or the one
    that you name. Run twice it goes back two. Versions that were rolled back, withdrawn or deleted since are stepped
    over; one that is not signed, or does not answer its own examples any more, is refused. The service follows within
    ten seconds, without a restart. Needs a reason, which the ledger keeps with this run as the one that did it;
    `readmission history` tells all of it.
    """

    @task
    def revertir() -> dict[str, str | None]:
        from readmission.registry.rollback import roll_back

        with without_retry():
            settings, params = get_settings(), chosen(RollbackParams)
            # A task that is retried must not go back once more.
            done = roll_back(settings, settings.model_name, params.reason, params.version, str(this_run()), once=True)
        return {"from": done.from_version, "to": done.to_version, "reason": done.reason}

    revertir()


revertir_modelo()
