"""The cluster's Secrets, from the settings file: one for each account, so that a pod holds only those that it uses."""

import base64
import json
from collections.abc import Mapping

import yaml

from connections.settings_file import assigned
from k8s.commands.kubectl import NAMESPACE, ROOT, ClusterError, apply, objects

# Each Secret, and the settings of `.env` that it holds.
SECRETS: dict[str, tuple[str, ...]] = {
    "mysql-root": ("MYSQL_ROOT_PASSWORD",),
    "mysql-api": ("MYSQL_API_PASSWORD",),
    "mysql-mlflow": ("MYSQL_MLFLOW_PASSWORD",),
    "mysql-pipeline": ("MYSQL_PIPELINE_PASSWORD",),
    "minio-root": ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"),
    "minio-mlflow": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "postgres": ("POSTGRES_PASSWORD",),
    "airflow": ("AIRFLOW_FERNET_KEY", "AIRFLOW_SECRET_KEY", "AIRFLOW_JWT_SECRET"),
    "airflow-admin": ("AIRFLOW_ADMIN_PASSWORD", "passwords.json"),
}
ADMIN = "admin"


def contents(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What each Secret holds, of these settings.

    Raises:
        ClusterError: one is not set.
    """
    mlflows = {f"MINIO_ROOT_{ours}": values.get(f"AWS_{key}", "") for ours, key in _ROOT_OF_THE_STORE.items()}
    accounts = {"passwords.json": json.dumps({ADMIN: values.get("AIRFLOW_ADMIN_PASSWORD", "")})}
    known = {**mlflows, **{name: value for name, value in values.items() if value}, **accounts}
    missing = sorted({name for names in SECRETS.values() for name in names if not known.get(name)})
    if missing:
        raise ClusterError(f"not set: {', '.join(missing)}; run `make env`, which writes .env")
    return {secret: {name: known[name] for name in names} for secret, names in SECRETS.items()}


# Without a root account of its own the store's is MLflow's, as in Compose.
_ROOT_OF_THE_STORE = {"USER": "ACCESS_KEY_ID", "PASSWORD": "SECRET_ACCESS_KEY"}


def write() -> list[str]:
    """Gives the cluster the Secrets of `.env`; says which of them are new or have changed.

    Raises:
        ClusterError: a setting is missing, or the cluster refuses.
    """
    wanted = contents(assigned(ROOT / ".env"))
    apply((ROOT / "k8s/base/namespace.yaml").read_text(encoding="utf-8"))
    before = {one["metadata"]["name"]: one.get("data") for one in objects("secrets")}
    apply(yaml.safe_dump_all([_secret(name, values) for name, values in wanted.items()]))
    after = {one["metadata"]["name"]: one.get("data") for one in objects("secrets")}
    return [name for name in wanted if before.get(name) != after[name]]


def _secret(name: str, values: dict[str, str]) -> dict[str, object]:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    labels = {"app.kubernetes.io/part-of": NAMESPACE}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}
