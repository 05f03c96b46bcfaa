"""The platform's services at ports of this machine, and what is asked of them there."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import NamedTuple, NoReturn

from k8s.commands.kubectl import ClusterError, Way, forwarded, kubectl
from k8s.commands.secrets import ADMIN
from readmission.dag_runs.airflow_api import AirflowClient

_LOOK_SECONDS = 1.0


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


def keep_open(tell: Callable[[str], None], doors: tuple[Door, ...] = DOORS) -> NoReturn:
    """Keeps every service at its port of this machine's loopback, whichever pod it is, until it is interrupted.

    Raises:
        ClusterError: a port is taken, or a service has no pod that is ready.
    """
    ways: dict[Door, Way] = {}
    try:
        for door in doors:
            ways[door] = Way(door.service, door.port, door.local)
            tell(f"  {door.title:<16} http://localhost:{door.local}{door.path}")
        tell("Airflow and MLflow: sign in as admin with AIRFLOW_ADMIN_PASSWORD and MLFLOW_ADMIN_PASSWORD of .env.")
        tell("Form: the password is FORM_PASSWORD of .env.")
        tell("Ctrl-C ends this.")
        while True:
            for door in (door for door, way in ways.items() if not way.is_open):
                ways[door] = _again(door, ways[door], tell)
            sleep(_LOOK_SECONDS)
    finally:
        for way in ways.values():
            way.close()


def _again(door: Door, lost: Way, tell: Callable[[str], None]) -> Way:
    try:
        way = Way(door.service, door.port, door.local)
    except ClusterError:
        return lost  # its next pod is not ready yet
    tell(f"{door.title}: another pod, the same address")
    return way


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
