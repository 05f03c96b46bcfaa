"""Creates the databases and loads the encounters' CSV into `RAW_DATA.initial_data`."""

from airflow.sdk import Param, dag, get_current_context, task

from wiring import DEFAULTS, INITIAL_DATA, get_settings, without_retry


@dag(schedule=None, max_active_runs=1, catchup=False, default_args=DEFAULTS, tags=["readmission", "1"])
def crear_bases_si_no_existen() -> None:
    """### 1 · Create the databases if they do not exist

    Creates `RAW_DATA` and `CLEAN_DATA` and brings their tables up to date. Safe to run again: what exists stays.
    Next: `cargar_datos`.
    """

    @task
    def crear_bases() -> list[str]:
        from readmission.storage import databases

        return databases.initialise(get_settings())

    crear_bases()


@dag(
    schedule=None,
    max_active_runs=1,
    catchup=False,
    default_args=DEFAULTS,
    tags=["readmission", "2"],
    params={
        "source": Param(
            None,
            type=["null", "string"],
            description="a csv, gz or zip on disk, an http(s) address, or the word synthetic; "
            "empty: the setting DATASET_SOURCE",
        ),
        "force": Param(False, type="boolean", description="load again even if the file has not changed"),
    },
)
def cargar_datos() -> None:
    """### 2 · Load the encounters' CSV

    Obtains the CSV, checks every row against the contract and swaps it into `RAW_DATA.initial_data` at once. A file
    that breaks the contract changes nothing; the task's log says which rows and why. A file that is loaded already
    is not loaded again. Each attempt is a row in `RAW_DATA.loads`. Next: `preprocesar_datos` (starts by itself when
    it is active).
    """

    @task(outlets=[INITIAL_DATA])
    def cargar_csv() -> dict[str, str | int]:
        import logging

        from readmission import progress
        from readmission.dataset import obtain
        from readmission.raw import ingest

        settings, params = get_settings(), get_current_context()["params"]
        report = progress.logged(logging.getLogger("readmission.raw.ingest"), "loading")
        with without_retry():
            path = obtain.obtain(settings, params["source"], report)
            load = ingest.load(settings, path, force=params["force"], progress=report)
        return {"load_id": load.load_id, "rows": load.rows, "dataset": load.dataset, "outcome": load.outcome}

    cargar_csv()


crear_bases_si_no_existen()
cargar_datos()
