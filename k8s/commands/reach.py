"""The platform's services at ports of this machine, and what is asked of them there."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from k8s.commands.kubectl import forwarded, kubectl
from k8s.commands.secrets import ADMIN
from readmission.dag_runs.airflow_api import AirflowClient


class Door(NamedTuple):
    """A service that people reach: its port in the cluster, and the one on this machine, which is Compose's."""

    title: str
    service: str
    port: int
    local: int
    path: str = ""


DOORS = (
    Door("Airflow", "airflow-apiserver", 8080, 8080),
    Door("MLflow", "mlflow", 5000, 8084),
    Door("Prediction API", "api", 8000, 8000, "/docs"),
    Door("Form", "front", 8501, 8501),
    Door("MinIO console", "minio-console", 9001, 8083),
)


@contextmanager
def all_doors(doors: tuple[Door, ...] = DOORS) -> Iterator[None]:
    """Every service at its port of this machine's loopback, for the block.

    Raises:
        ClusterError: a port is taken, or a service has no pod that is ready.
    """
    with ExitStack() as opened:
        for door in doors:
            opened.enter_context(forwarded(door.service, door.port, door.local))
        yield


@contextmanager
def airflow() -> Iterator[AirflowClient]:
    """Airflow's REST API, as its admin of the cluster's Secret."""
    encoded = kubectl("get", "secret/airflow-admin", "--output=jsonpath={.data.AIRFLOW_ADMIN_PASSWORD}")
    password = base64.b64decode(encoded).decode()
    with (
        forwarded("airflow-apiserver", 8080) as port,
        AirflowClient(f"http://127.0.0.1:{port}", ADMIN, password) as client,
    ):
        yield client
