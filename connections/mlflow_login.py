"""Who this process is at MLflow: told to MLflow's client, and sent with what is asked without it."""

from base64 import b64encode
from urllib.request import Request

from mlflow.environment_variables import MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_USERNAME

from connections.settings import Settings

_VARIABLES = (MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD)


def log_in(settings: Settings) -> None:
    """Makes this process who the settings say that it is; another server is not told who it was at one before."""
    for variable, value in zip(_VARIABLES, settings.mlflow_login() or ("", ""), strict=True):
        if value:
            variable.set(value)  # type: ignore[no-untyped-call]  # MLflow leaves it untyped
        else:
            variable.unset()  # type: ignore[no-untyped-call]


def asking(settings: Settings, what: str) -> Request:
    """A request of MLflow's API, with the login of the settings."""
    request = Request(f"{settings.tracking_uri}/api/2.0/mlflow/{what}")
    if login := settings.mlflow_login():
        request.add_header("Authorization", f"Basic {b64encode(':'.join(login).encode()).decode()}")
    return request


def refused(settings: Settings) -> str:
    """What a person is told whose login MLflow does not take."""
    login = settings.mlflow_login()
    if login is None:
        return (
            f"MLflow at {settings.tracking_uri} asks for a login; set MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD"
        )
    refusal = f"MLflow at {settings.tracking_uri} does not take the password of the account {login[0]!r}"
    if settings.mlflow_tracking_username:
        return f"{refusal}; set MLFLOW_TRACKING_PASSWORD to it"
    return f"{refusal}: MLFLOW_PIPELINE_PASSWORD is not the one that it was started with; start it again"
