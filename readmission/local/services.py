"""Every service of the embedded platform, in the order in which they are started."""

from connections.settings import Settings
from readmission.local import airflow, serving, stores
from readmission.local.service import Service


def services(settings: Settings) -> tuple[Service, ...]:
    """The declarations, for these settings."""
    return (
        stores.object_store(settings),
        stores.mlflow(settings),
        *airflow.services(settings),
        serving.api(settings),
        serving.form(settings),
    )
