"""The platform on a cluster, seen from this machine: services through forwarded ports, accounts from its Secrets."""

import base64
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import httpx
from mlflow.tracking import MlflowClient
from mypy_boto3_s3 import S3Client
from sqlalchemy import Engine

from k8s.commands.kubectl import Way, kubectl
from k8s.commands.reach import DOORS
from k8s.commands.secrets import ADMIN
from readmission.dag_runs.airflow_api import AirflowClient
from readmission.local.ports import is_free
from tests.outside import clients

# Pages name the ports that people open them at, so that these are taken where they are free.
_PUBLISHED = {door.service: door.local for door in DOORS}


class Cluster:
    """The platform of the current context's cluster; a port that is forwarded to a pod that went is forwarded anew."""

    def __init__(self) -> None:
        self._ways: dict[str, Way] = {}

    def address(self, service: str, port: int) -> str:
        """Where a service's port answers.

        Raises:
            ClusterError: no pod of it is ready.
        """
        if service in self._ways and not self._ways[service].is_open:
            self.close(service)
        if service not in self._ways:
            local = _PUBLISHED.get(service, 0)
            self._ways[service] = Way(service, port, local if local and is_free(local) else 0)
        return f"http://127.0.0.1:{self._ways[service].local}"

    def close(self, *services: str) -> None:
        """Ends the forwarding to some services, or to all."""
        for service in services or tuple(self._ways):
            if service in self._ways:
                self._ways.pop(service).close()

    @property
    def airflow(self) -> AirflowClient:
        """Airflow's REST API, as its admin."""
        return AirflowClient(self.address("airflow-apiserver", 8080), ADMIN, self.airflow_password)

    @property
    def airflow_password(self) -> str:
        """The admin's."""
        return secret("airflow-admin", "AIRFLOW_ADMIN_PASSWORD")

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """The prediction service's answer to a GET, or to a POST of `body`."""
        method = "GET" if body is None else "POST"
        return httpx.request(method, self.address("api", 8000) + path, json=body, timeout=30, trust_env=False)

    @property
    def mlflow(self) -> MlflowClient:
        """MLflow's server."""
        return MlflowClient(self.address("mlflow", 5000))

    def database(self, account: str, name: str = "") -> Engine:
        """MySQL as one of the platform's accounts."""
        password = secret(f"mysql-{account}", f"MYSQL_{account.upper()}_PASSWORD")
        return clients.mysql(self.address("mysql", 3306), account, password, name)

    def object_store(self) -> AbstractContextManager[S3Client]:
        """The object store with MLflow's keys."""
        keys = (secret("minio-mlflow", key) for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        return clients.s3(self.address("minio", 9000), *keys)


def secret(name: str, key: str) -> str:
    """What a Secret of the cluster holds."""
    return base64.b64decode(kubectl("get", f"secret/{name}", f"--output=jsonpath={{.data.{key}}}")).decode()


def image(deployment: str) -> str:
    """The image that a Deployment's first container runs."""
    path = "{.spec.template.spec.containers[0].image}"
    return kubectl("get", f"deployment/{deployment}", f"--output=jsonpath={path}")


def get(name: str) -> dict[str, Any]:
    """An object of the platform's namespace, such as `pod/mysql-0`."""
    found: dict[str, Any] = json.loads(kubectl("get", name, "--output=json"))
    return found


def memory_mb() -> int:
    """What all pods of the platform use together, as the cluster measures it."""
    return sum(int(line.split()[2].removesuffix("Mi")) for line in kubectl("top", "pods", "--no-headers").splitlines())
