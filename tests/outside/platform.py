"""What the outside assertions ask of a platform that runs, wherever it does: addresses, accounts and clients."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import httpx
from mlflow.tracking import MlflowClient
from mypy_boto3_s3 import S3Client
from sqlalchemy import Engine

from readmission.dag_runs.airflow_api import AirflowClient

# Of the images that tests build, so that a version tells it.
REVISION = "proven-end-to-end"


class Outside(Protocol):
    """A platform as it is seen from this machine."""

    @property
    def airflow(self) -> AirflowClient:
        """Airflow's REST API, as its admin."""

    @property
    def airflow_password(self) -> str:
        """The admin's."""

    @property
    def mlflow(self) -> MlflowClient:
        """MLflow's server."""

    def address(self, service: str, port: int) -> str:
        """Where a port of a service answers, without a path."""

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """The prediction service's answer to a GET, or to a POST of `body`."""

    def database(self, account: str, name: str = "") -> Engine:
        """MySQL as one of the platform's accounts."""

    def object_store(self) -> AbstractContextManager[S3Client]:
        """The object store with MLflow's keys."""
