"""A platform that runs, wherever it does, as it is seen from this machine: addresses, accounts and clients."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any

import httpx
from mlflow.environment_variables import MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_USERNAME
from mlflow.tracking import MlflowClient
from mypy_boto3_s3 import S3Client
from sqlalchemy import Engine

from readmission.dag_runs.airflow_api import AirflowClient
from tests.outside import clients

# Of the images that tests build, so that a version tells it.
REVISION = "proven-end-to-end"


class Outside(ABC):
    """What the outside assertions ask of a platform."""

    @abstractmethod
    def address(self, service: str, port: int) -> str:
        """Where a port of a service answers, without a path."""

    @property
    @abstractmethod
    def airflow_password(self) -> str:
        """The admin's."""

    @property
    @abstractmethod
    def api_key(self) -> str:
        """A key of the prediction service's, by which one may predict."""

    @abstractmethod
    def mysql_password(self, account: str) -> str:
        """That of one of the platform's accounts."""

    @abstractmethod
    def store_keys(self) -> tuple[str, str]:
        """MLflow's access key and secret in the object store."""

    @abstractmethod
    def mlflow_password(self, account: str) -> str:
        """That of one of the platform's accounts."""

    @property
    @abstractmethod
    def public_keys(self) -> str:
        """By which the models that it trains are trusted."""

    @property
    def airflow(self) -> AirflowClient:
        """Airflow's REST API, as its admin."""
        return AirflowClient(self.address("airflow-apiserver", 8080), "admin", self.airflow_password)

    @property
    def mlflow(self) -> MlflowClient:
        """MLflow's server, as the account that may read."""
        for variable, value in zip((MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD), self.reader, strict=True):
            variable.set(value)  # type: ignore[no-untyped-call]  # MLflow leaves it untyped
        return MlflowClient(self.address("mlflow", 5000))

    @property
    def reader(self) -> tuple[str, str]:
        """The account of MLflow that may read, and its password."""
        return "api", self.mlflow_password("api")

    def ask(self, path: str, body: Any = None) -> httpx.Response:
        """The prediction service's answer to a GET, or to a POST of `body`."""
        method = "GET" if body is None else "POST"
        address, own = self.address("api", 8000) + path, {"X-API-Key": self.api_key}
        return httpx.request(method, address, json=body, headers=own, timeout=30, trust_env=False)

    def database(self, account: str, name: str = "") -> Engine:
        """MySQL as one of the platform's accounts."""
        return clients.mysql(self.address("mysql", 3306), account, self.mysql_password(account), name)

    def object_store(self) -> AbstractContextManager[S3Client]:
        """The object store with MLflow's keys."""
        return clients.s3(self.address("minio", 9000), *self.store_keys())
