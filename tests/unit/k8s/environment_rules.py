"""A container's variables are names that something reads, with values that it takes. A line for each that is not."""

import re
import runpy
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from connections.settings import Settings
from k8s.commands.manifests import bare
from tests.unit.k8s.objects import Manifests, Pod, environment, pods, stepping_stones

# What reads the platform's settings: these workloads, and the pods of Airflow's tasks.
READ_SETTINGS = {"adopt", "api", "bucket", "front", "keeper", "migrate", "airflow-task"}
# Variables that are no settings, by the image whose program reads them.
OF_THE_IMAGE = {
    "readmission-airflow": {
        "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_CONFIG", "CONNECTION_CHECK_MAX_COUNT", "FORWARDED_ALLOW_IPS",
        "HOME", "MPLCONFIGDIR",
    },
    "readmission-api": {"HOME"},
    "readmission-front": {"HOME"},
    "readmission-mlflow": {
        "PUBLIC_HOST", "PUBLISHED_PORT", "HOME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION",
        "MLFLOW_ACCOUNTS_FILE", "MLFLOW_ADMIN_PASSWORD", "MLFLOW_PIPELINE_PASSWORD", "MLFLOW_API_PASSWORD",
    },
    "mysql": {
        "MYSQL_ROOT_HOST", "MYSQL_ROOT_PASSWORD",
        "MYSQL_API_PASSWORD", "MYSQL_MLFLOW_PASSWORD", "MYSQL_PIPELINE_PASSWORD",
        "MYSQL_OWNER_PASSWORD", "MYSQL_KEEPER_PASSWORD",
    },
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "PGDATA"},
    "pgsty/silo": {"MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "MINIO_BROWSER_REDIRECT_URL", "HOME", "MC_CONFIG_DIR"},
}  # fmt: skip


def names(manifests: Manifests) -> Iterator[str]:
    """Each variable is one that the container's program reads, or stands in the value of another."""
    settings = {name.upper() for name in Settings.model_fields}
    for pod in pods(manifests):
        for container in pod.containers:
            image = bare(container["image"])
            known = OF_THE_IMAGE.get(image, set()) | stepping_stones(container)
            known |= settings if pod.owner in READ_SETTINGS else set()
            known |= _of_airflow() if image == "readmission-airflow" else set()
            known |= _of_mlflow() if image == "readmission-mlflow" or pod.owner in READ_SETTINGS else set()
            unknown = environment(container, manifests).keys() - known
            yield from (f"{pod.owner}/{container['name']}: nothing reads {name}" for name in sorted(unknown))


def values(manifests: Manifests) -> Iterator[str]:
    """Each value is resolved, in the order in which Kubernetes does, and the settings accept those that they read."""
    for pod in pods(manifests):
        for container in pod.containers:
            found = environment(container, manifests)
            for name in sorted(name for name, value in found.items() if "$(" in value):
                yield f"{pod.owner}/{container['name']}: {name} names a variable that is not there before it"
        yield from (f"{pod.owner}: {wrong}" for wrong in refused(pod, manifests))


def refused(pod: Pod, manifests: Manifests) -> Iterator[str]:
    """What the settings say of the environment of a pod that reads them."""
    if pod.owner in READ_SETTINGS:
        try:
            settings_of(pod, manifests)
        except ValidationError as error:
            yield from (f"{one['loc'][0]}: {one['msg']}".lower() for one in error.errors())


def settings_of(pod: Pod, manifests: Manifests) -> Settings:
    """The settings as the program of a pod reads them.

    Raises:
        ValidationError: one is refused.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(pod.spec["containers"][0], manifests).items():
            patch.setenv(name, value)
        return Settings(_env_file=None)


@cache
def _of_airflow() -> set[str]:
    """Airflow's own options, and those of the providers that make pods and hold people's accounts, as variables."""
    (package,) = find_spec("airflow").submodule_search_locations  # type: ignore[union-attr,misc]
    described = yaml.safe_load((Path(package) / "config_templates/config.yml").read_text(encoding="utf-8"))
    files = (f"{package}/providers/{name}/get_provider_info.py" for name in ("cncf/kubernetes", "fab"))
    provided = [runpy.run_path(file)["get_provider_info"]()["config"] for file in files]
    sections = [section for config in (described, *provided) for section in config.items()]
    return {f"AIRFLOW__{part}__{name}".upper() for part, one in sections for name in one["options"]}


@cache
def _of_mlflow() -> set[str]:
    """MLflow's variables and those of its command that starts the server, from its source, as importing it is slow."""
    (package,) = find_spec("mlflow").submodule_search_locations  # type: ignore[union-attr,misc]
    files = ("environment_variables.py", "cli/__init__.py", "utils/cli_args.py")
    return {name for file in files for name in re.findall(r"\bMLFLOW_\w+", (Path(package) / file).read_text("utf-8"))}


RULES = (names, values)
