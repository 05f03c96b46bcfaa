"""The platform on a cluster, seen from this machine: services through forwarded ports, accounts from its Secrets."""

import base64
import json
from typing import Any

from k8s.commands.kubectl import Way, kubectl
from k8s.commands.reach import DOORS
from readmission.local.ports import is_free
from tests.outside.platform import Outside

# Pages name the ports that people open them at, so that these are taken where they are free.
_PUBLISHED = {door.service: door.local for door in DOORS}


class Cluster(Outside):
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
    def airflow_password(self) -> str:
        """The admin's."""
        return secret("airflow-admin", "AIRFLOW_ADMIN_PASSWORD")

    @property
    def api_key(self) -> str:
        """The form's."""
        return secret("form", "FORM_API_KEY")

    def mysql_password(self, account: str) -> str:
        """That of one of the platform's accounts."""
        return secret(f"mysql-{account}", f"MYSQL_{account.upper()}_PASSWORD")

    def mlflow_password(self, account: str) -> str:
        """That of one of the platform's accounts."""
        return secret(f"mlflow-{account}", f"MLFLOW_{account.upper()}_PASSWORD")

    def store_keys(self) -> tuple[str, str]:
        """MLflow's access key and secret in the object store."""
        return secret("minio-mlflow", "AWS_ACCESS_KEY_ID"), secret("minio-mlflow", "AWS_SECRET_ACCESS_KEY")

    @property
    def public_keys(self) -> str:
        """By which the models that it trains are trusted."""
        return secret("model-public", "MODEL_PUBLIC_KEYS")


def secret(name: str, key: str) -> str:
    """What a Secret of the cluster holds."""
    return base64.b64decode(kubectl("get", f"secret/{name}", f"--output=jsonpath={{.data.{key}}}")).decode()


def service_image() -> str:
    """The image that the prediction service runs, which pods of the tests' own run too."""
    path = "{.spec.template.spec.containers[0].image}"
    return kubectl("get", "statefulset/api", f"--output=jsonpath={path}")


def get(name: str) -> dict[str, Any]:
    """An object of the platform's namespace, such as `pod/mysql-0`."""
    found: dict[str, Any] = json.loads(kubectl("get", name, "--output=json"))
    return found


def memory_mb() -> int:
    """What all pods of the platform use together, as the cluster measures it."""
    return sum(int(line.split()[2].removesuffix("Mi")) for line in kubectl("top", "pods", "--no-headers").splitlines())
