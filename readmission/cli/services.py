"""What the commands ask of MLflow and of Airflow."""

from collections.abc import Callable

from connections.own_platform import running_settings
from connections.settings import Settings

MLFLOW_SECONDS = 60


def asking_mlflow(briefly: bool = True) -> Settings:
    """The settings, for a command that asks MLflow: one that does not answer is said at once.

    Nor does a brief command try again when it breaks off later on; a training does.

    Raises:
        NoServerError: it does not answer.
    """
    from connections.model_registry import ask_briefly, make_default, require_server

    settings = running_settings()
    require_server(settings)
    if briefly:
        ask_briefly(MLFLOW_SECONDS)
    make_default(settings)
    return settings


def asking_airflow(settings: Settings) -> Callable[[str, str], bool]:
    """The question whether a run of a DAG, by its ids, goes on, put to the Airflow of these settings."""
    from readmission.dag_runs.unfinished import asking

    password = settings.airflow_admin_password.get_secret_value()
    return asking(settings.url("airflow"), settings.airflow_admin_user, password)
