"""Open to every network, services answer under the names that people type, and MLflow under no others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from connections import addresses
from connections.settings import Settings
from readmission.local.mlflow_server import mlflow
from readmission.local.platform import services
from tests.free_ports import free_offset
from tests.integration.app_back.servers import running
from tests.mlflow_admin import login_of

Ask = Callable[..., int]
SEARCH = "/ajax-api/2.0/mlflow/experiments/search"
NAMES = ("ward.corp", "mlflow.ward.corp", *addresses.machine_names())
PORTS = ("", ":80", ":8084", ":31999")
STRANGERS = ("evil.example", "ward.corp.evil.example:8084", "xward.corp", "f:8084", "0.0.0.0:8084")


@pytest.fixture(scope="module")
def opened(
    private_settings: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of a running MLflow that is open to every network of the machine."""
    own = private_settings(tmp_path_factory.mktemp("opened")).model_copy(
        update={"bind_address": "0.0.0.0", "public_host": "ward.corp", "other_hosts": "mlflow.ward.corp"}
    )
    settings = own.model_copy(update={"port_offset": free_offset(own)})
    with running(mlflow(settings), settings):
        yield settings


def _status(settings: Settings, host: str, origin: str = "") -> int:
    """What MLflow answers to a page's own call, under a name and from a page of some origin."""
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    url = f"{settings.url('mlflow')}{SEARCH}"
    answer = httpx.post(
        url, json={"max_results": 1}, headers=headers, auth=login_of(settings, "api"), trust_env=False, timeout=30
    )
    return answer.status_code


def test_mlflow_answers_under_each_name_on_any_port(opened: Settings) -> None:
    hosts = [f"{addresses.in_url(name)}{port}" for name in (*NAMES, *addresses.LOOPBACK) for port in PORTS]
    assert {host: _status(opened, host) for host in hosts} == dict.fromkeys(hosts, 200)


def test_mlflow_refuses_every_other_name(opened: Settings) -> None:
    assert {host: _status(opened, host) for host in STRANGERS} == dict.fromkeys(STRANGERS, 403)


def test_mlflow_takes_changes_from_its_own_pages_alone(opened: Settings) -> None:
    own = [f"http://{addresses.in_url(name)}:{opened.port('mlflow')}" for name in NAMES]
    assert {page: _status(opened, page.removeprefix("http://"), page) for page in own} == dict.fromkeys(own, 200)
    foreign = ["http://evil.example", "http://ward.corp.evil.example", "http://ward.corp:1", "null"]
    assert {page: _status(opened, "ward.corp", page) for page in foreign} == dict.fromkeys(foreign, 403)


def test_an_address_that_is_shown_without_a_public_host_opens(opened: Settings) -> None:
    nameless = opened.model_copy(update={"public_host": None})
    assert "0.0.0.0" not in nameless.public_url("mlflow")
    page = f"{nameless.public_url('mlflow')}/"
    assert httpx.get(page, auth=login_of(opened, "api"), trust_env=False, timeout=30).status_code == 200


def test_every_service_is_shown_and_linked_under_the_public_name(opened: Settings) -> None:
    declared = {service.name: service for service in services(opened)}
    shown = {service.address for service in declared.values() if service.address}
    assert {address.rsplit(":", 1)[0] for address in shown} == {"http://ward.corp"}
    airflow = declared["airflow-scheduler"].environment
    assert airflow["AIRFLOW__API__BASE_URL"] == opened.public_url("airflow")
    assert airflow["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{opened.url('airflow')}/execution/"
    assert declared["form"].environment["PUBLIC_HOST"] == "ward.corp"
