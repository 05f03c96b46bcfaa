"""Creates the databases and loads the encounters' CSV into `RAW_DATA.initial_data`."""

from airflow.sdk import dag, task

from readmission.params import LoadParams
from wiring import DEFAULTS, INITIAL_DATA, chosen, dag_params, get_settings, without_retry


@dag(
    dag_display_name="1 · crear_bases_si_no_existen",
    schedule=None,
    max_active_runs=1,
    catchup=False,
    default_args=DEFAULTS,
    tags=["readmission", "1"],
)
def crear_bases_si_no_existen() -> None:
    """### 1 · Create the databases if they do not exist

    Creates `RAW_DATA` and `CLEAN_DATA` and brings their tables up to date. Safe to run again: what exists stays.
    Next: `cargar_datos`.
    """

    @task
    def crear_bases() -> list[str]:
        from readmission.storage import databases

        with without_retry():
            return databases.initialise(get_settings())

    crear_bases()


@dag(
    dag_display_name="2 · cargar_datos",
    schedule=None,
    max_active_runs=1,
    catchup=False,
    default_args=DEFAULTS,
    tags=["readmission", "2"],
    params=dag_params(LoadParams),
)
def cargar_datos() -> None:
    """### 2 · Load the encounters' CSV

    Obtains the CSV, checks every row against the contract and swaps it into `RAW_DATA.initial_data` at once. A file
    that breaks the contract changes nothing; the task's log says which rows and why. A file that is loaded already
    is not loaded again, and one with far fewer rows than are there only with `allow_shrink`. Each attempt is a row in
    `RAW_DATA.loads`. `readmission load --undo` brings back what the last load replaced. Next: `preprocesar_datos`
    (starts by itself when it is active).
    """

    @task(outlets=[INITIAL_DATA])
    def cargar_csv() -> dict[str, str | int]:
        import logging

        from readmission import progress
        from readmission.dataset import obtain
        from readmission.raw import ingest

        report = progress.logged(logging.getLogger("readmission.raw.ingest"), "loading")
        with without_retry():
            settings, params = get_settings(), chosen(LoadParams)
            with obtain.obtain(settings, params.source, report) as file:
                load = ingest.load(
                    settings, file, force=params.force, progress=report, allow_shrink=params.allow_shrink
                )
        return {"load_id": load.load_id, "rows": load.rows, "dataset": load.dataset, "outcome": load.outcome}

    cargar_csv()


crear_bases_si_no_existen()
cargar_datos()
