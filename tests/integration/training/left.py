"""What trainings left in CLEAN_DATA and MLflow, and statements that disturb them."""

from typing import Any

from mlflow.entities import LoggedModel, Run
from mlflow.tracking import MlflowClient
from sqlalchemy import Row, select, text

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import experiments
from readmission.registry.batch_models import logged_model_id
from readmission.storage import leases


def recorded(settings: Settings) -> dict[str, Row[Any]]:
    """The rows of `experiments`, by run."""
    with engine_for(settings, "CLEAN_DATA").connect() as connection:
        return {row.run_id: row for row in connection.execute(select(experiments))}


def run_sql(settings: Settings, statement: str) -> None:
    """Changes what was prepared behind the platform's back."""
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        connection.execute(text(statement))


def lease_is_free(settings: Settings) -> bool:
    """Whether nobody holds the prepared set; else who does is raised."""
    leases.check_free(engine_for(settings, "CLEAN_DATA"), leases.PREPARED_SET)
    return True


def logged_model(tracking: MlflowClient, run: Run) -> LoggedModel:
    """The model that a run logged."""
    return tracking.get_logged_model(logged_model_id(run))
