"""Runs the four DAGs in order through Airflow's REST API, from a container that shares the API server's network."""

from rich.console import Console

from connections.settings import settings_or_exit
from readmission.dag_runs.airflow_api import AirflowClient
from readmission.dag_runs.progress_table import ProgressTable
from readmission.dag_runs.run import run_pipeline
from readmission.errors import ReadmissionError


def main() -> int:
    """Returns 1 when a run fails; the end of the failed task's log is shown."""
    settings, console = settings_or_exit(), Console()
    password = settings.airflow_admin_password.get_secret_value()
    airflow = AirflowClient(settings.url("airflow"), settings.airflow_admin_user, password)
    try:
        with airflow, ProgressTable(console, "The pipeline, DAG by DAG", "DAG") as table:
            seconds = run_pipeline(airflow, table.dag)
    except ReadmissionError as error:
        console.print(str(error), markup=False, highlight=False)
        return 1
    console.print(f"all four DAGs succeeded in {sum(seconds.values()):.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
