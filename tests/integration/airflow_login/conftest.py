"""A real API server of Airflow, whose log-in is told what that of the services in Docker is told."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from readmission.local.health import airflow_component_healthy
from readmission.local.service import Folders, Port, Service
from tests.conftest import ROOT
from tests.free_ports import free_port
from tests.services import running
from tests.unit.k8s.two_sides import interpolated

PASSWORD = "the-password-of-this-test"


@dataclass(frozen=True)
class Served:
    """An Airflow, and what was told of how it was made."""

    address: str
    told: dict[str, Any]
    log: Path

    def ask(self, method: str, path: str, token: str = "", **arguments: Any) -> httpx.Response:
        """Its answer to a request."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with httpx.Client(base_url=self.address, trust_env=False, timeout=30) as http:
            return http.request(method, path, headers=headers, **arguments)

    def log_in(self, name: str, password: str = PASSWORD, path: str = "/auth/token") -> httpx.Response:
        """Its answer to a program that wants a token."""
        return self.ask("POST", path, json={"username": name, "password": password})

    def token(self, name: str) -> str:
        """The token of an account."""
        return str(self.log_in(name).json()["access_token"])


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """It has an admin, and somebody of each role whose name is the role's."""
    home, port = tmp_path_factory.mktemp("airflow"), free_port()
    address, told = f"http://127.0.0.1:{port}", home / "told.json"
    service = Service(
        name="airflow",
        command=(sys.executable, "-m", "tests.integration.airflow_login.airflow_server", str(port), str(told)),
        environment=os.environ | _environment(home) | {"AIRFLOW__API__BASE_URL": address},
        folder=ROOT,
        log=home / "airflow.log",
        healthy=lambda: airflow_component_healthy(address, "metadatabase"),
        port=Port(port, "AIRFLOW_PORT"),
    )
    with running(service, Folders(home)):
        yield Served(address, json.loads(told.read_text(encoding="utf-8")), service.log)


def _environment(home: Path) -> dict[str, str]:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    theirs = compose["services"]["airflow-apiserver"]["environment"]
    return {name: interpolated(str(value)) for name, value in theirs.items() if name.startswith("AIRFLOW__")} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_ADMIN_PASSWORD": PASSWORD,
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__FAB__CONFIG_FILE": str(ROOT / "k8s/base/airflow/webserver_config.py"),
        "PYTHONPATH": str(ROOT),
        "STATE_DIR": str(home),
    }
