"""Under which names the proxy answers, and where it listens."""

import importlib.util
import re
import sys
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import ROOT

EDGE = ROOT / "compose/edge"


@pytest.fixture(scope="module")
def start() -> ModuleType:
    spec = importlib.util.spec_from_file_location("edge_start", EDGE / "start.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["edge_start"] = module
    spec.loader.exec_module(module)
    return module


GIVEN = {"PUBLIC_HOST": "Ward.corp", "OTHER_HOSTS": "ward, fd00::7", "BIND_ADDRESS": "10.0.0.7"}


def test_it_answers_to_the_names_of_this_machine_alone(start: ModuleType) -> None:
    assert start.hosts(GIVEN) == ["ward.corp", "ward", "fd00::7", "10.0.0.7"]
    assert start.hosts({"PUBLIC_HOST": "[fd00::7]", "OTHER_HOSTS": "", "BIND_ADDRESS": "0.0.0.0"}) == ["fd00::7"]


def test_each_name_is_a_site_at_each_port(start: ModuleType) -> None:
    filled = start.settings(GIVEN, False, "172.20.0.2")
    assert filled["EDGE_8501"] == (
        "https://ward.corp:8501, https://ward:8501, https://[fd00::7]:8501, https://10.0.0.7:8501"
    )
    assert (filled["EDGE_ADDRESS"], filled["EDGE_TLS"]) == ("172.20.0.2", "internal")


def test_who_names_nobody_is_given_the_certificate_of_an_address(start: ModuleType) -> None:
    assert start.settings(GIVEN, False, "172.20.0.2")["EDGE_WITHOUT_A_NAME"] == "fd00::7"
    assert start.settings({"PUBLIC_HOST": "ward"}, False, "172.20.0.2")["EDGE_WITHOUT_A_NAME"] == "ward"


def test_a_hospitals_certificate_takes_the_place_of_the_authority(start: ModuleType) -> None:
    assert start.settings(GIVEN, True, "172.20.0.2")["EDGE_TLS"] == "/tls/certificate.pem /tls/key.pem"


def test_every_blank_is_filled_and_every_port_is_there(start: ModuleType, services: dict[str, dict[str, Any]]) -> None:
    text = (EDGE / "Caddyfile").read_text(encoding="utf-8")
    assert set(re.findall(r"\{\$(\w+)\}", text)) == start.settings(GIVEN, False, "172.20.0.2").keys()
    assert {int(port.rpartition(":")[2]) for port in services["edge"]["ports"]} == set(start.PORTS)
    (refusing,) = re.findall(r"^(https://:.*) \{$", text, flags=re.M)
    assert sorted(refusing.split(", ")) == sorted(f"https://:{port}" for port in start.PORTS)


def test_each_port_leads_to_the_service_that_has_it_on_this_machine(services: dict[str, dict[str, Any]]) -> None:
    text = (EDGE / "Caddyfile").read_text(encoding="utf-8")
    leads = dict(re.findall(r"\{\$EDGE_(\d+)\} \{\n\timport edge ([\w-]+):\1 ", text))
    for port, name in leads.items():
        assert any(published.endswith(f":{port}") for published in services[name]["ports"]), name
    assert len(leads) == len(services["edge"]["ports"])
