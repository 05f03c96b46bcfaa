"""What somebody does in MLflow by hand: its admin, who may remove what the pipeline may not."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.tracking import MlflowClient

from connections.mlflow_login import log_in
from connections.model_registry import client
from connections.settings import Settings


@contextmanager
def mlflow_admin(settings: Settings) -> Iterator[MlflowClient]:
    """A client that is the admin; after the block the process is who the settings say again."""
    account = {"mlflow_tracking_username": "admin", "mlflow_tracking_password": settings.mlflow_admin_password}
    try:
        yield client(settings.model_copy(update=account))
    finally:
        log_in(settings)


def login_of(settings: Settings, account: str) -> tuple[str, str]:
    """An account of the server's own (`admin`, `pipeline`, `api`), and its password."""
    return account, getattr(settings, f"mlflow_{account}_password").get_secret_value()
