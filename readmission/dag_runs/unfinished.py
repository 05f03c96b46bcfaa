"""Asks Airflow whether a DAG run goes on, for whoever finds its data in use."""

from collections.abc import Callable

from readmission.dag_runs.airflow_api import AirflowClient, AirflowError
from readmission.errors import InUseError


def asking(address: str, user: str, password: str) -> Callable[[str, str], bool]:
    """A question that takes a DAG's id and a run's: has it not ended, or does one of its tasks run, or is queued?

    It raises InUseError while Airflow does not answer: nobody knows then.
    """

    def unfinished(dag_id: str, run_id: str) -> bool:
        try:
            with AirflowClient(address, user, password) as airflow:
                return airflow.unfinished_run(dag_id, run_id)
        except AirflowError as error:
            raise InUseError(
                f"the run {run_id} of the DAG {dag_id} uses the prepared set, and Airflow does not say whether "
                f"it goes on ({error}). Look the run up on Airflow's page: once it has ended, `readmission unlock "
                "--force` frees the data. A shell in a container cannot ask Airflow, so that --force is always needed "
                "there; preprocesar_datos and entrenar_modelo, started in Airflow, ask and free by themselves"
            ) from error

    return unfinished
