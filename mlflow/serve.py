"""Becomes MLflow's server, which answers under the names that people and services reach it by, and under no others.

Everybody else gets 403: the check of Host and Origin headers is what keeps a web page of somebody's from using a
person's browser to reach the runs and models.
"""

import os
from collections.abc import Mapping

from connections.addresses import EVERY_ADDRESS, LOOPBACK, bare, host_names, mlflow_protection

# What the other services call it.
SERVICE = "mlflow"


def protection(environment: Mapping[str, str]) -> dict[str, str]:
    """MLflow's own variables, from PUBLIC_HOST, OTHER_HOSTS, BIND_ADDRESS and the ports that it is reached at."""
    given = ("PUBLIC_HOST", "OTHER_HOSTS", "BIND_ADDRESS")
    hosts = [name for key in given for name in _names(environment.get(key, ""))]
    ports = {int(environment[name]) for name in ("MLFLOW_PORT", "PUBLISHED_PORT") if environment.get(name)}
    return mlflow_protection(dict.fromkeys((SERVICE, *LOOPBACK, *hosts)), ports)


def _names(value: str) -> tuple[str, ...]:
    return () if bare(value) in EVERY_ADDRESS else host_names(value)


if __name__ == "__main__":
    os.execvpe("mlflow", ("mlflow", "server"), {**os.environ, **protection(os.environ)})
