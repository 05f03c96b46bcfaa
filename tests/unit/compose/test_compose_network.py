"""In Docker, proxies are left to what fetches the data set, and every name that people type is answered to."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from connections.proxies import PROXIES
from tests.conftest import ROOT

Services = dict[str, dict[str, Any]]
EVERY_CASE = {*PROXIES, *map(str.lower, PROXIES)}
FETCHES = "airflow-worker"
CHECK = "env-check-run-make-env"
# Each talks to others of the platform or to itself over HTTP.
TALKING = (
    "airflow-apiserver", "airflow-scheduler", FETCHES, "api", "front", "bucket", "mlflow", "adopt",
    "migrate", "keeper", "run-pipeline",
)  # fmt: skip
GOOD = {"BIND_ADDRESS": "127.0.0.1", "MYSQL_ROOT_PASSWORD": "kT3-x_9bV7~qLw2.Zp0"}
TLS = {"BIND_ADDRESS", "COMPOSE_PROFILES", "PUBLIC_SCHEME"}


def _module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_built_here_is_left_no_proxy_but_for_what_fetches_the_data_set(services: Services) -> None:
    for name, service in services.items():
        if "build" in service and name != FETCHES:
            left = {variable: service["environment"].get(variable) for variable in EVERY_CASE}
            assert left == dict.fromkeys(EVERY_CASE, ""), name
    assert EVERY_CASE.isdisjoint(services[FETCHES]["environment"])
    assert EVERY_CASE.isdisjoint(services[CHECK]["environment"]), "it sees those that the worker will be given"


@pytest.mark.parametrize("name", TALKING)
def test_every_name_of_the_platform_is_an_exception(services: Services, name: str) -> None:
    environment = services[name]["environment"]
    exceptions = environment["NO_PROXY"].split(",")
    assert environment["no_proxy"] == environment["NO_PROXY"]
    asked_for = {other for other, service in services.items() if service.get("ports")} - {"mysql", "edge"}
    assert asked_for | {"localhost", "127.0.0.1", "${PUBLIC_HOST:-localhost}", "${NO_PROXY:-}"} <= set(exceptions)


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/dockerfile_*")), ids=lambda path: path.name)
def test_a_health_check_asks_past_proxies_even_outside_of_compose(path: Path) -> None:
    check = re.search(r"^HEALTHCHECK.*?CMD (\[.*?\])$", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    if check is None:
        assert path.name == "dockerfile_bucket", "only the one-shot has none"
        return
    command = json.loads(check.group(1))
    assert command[:3] == ["sh", "/platform/health.sh", "python"]
    own = "" if command[3] == "-m" else (path.parent / command[3]).read_text(encoding="utf-8")
    assert "connections.http_health" in (command[4:5] or own) and "urlopen" not in own
    assert "build_opener(ProxyHandler({}))" in (ROOT / "connections/http_health.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"PUBLIC_HOST": "http://ward.corp"},
            "PUBLIC_HOST: http://… is not allowed; it takes a name or address of a machine",
        ),
        ({"PUBLIC_HOST": "ward.corp:8084"}, "PUBLIC_HOST: 'ward.corp:8084'"),
        ({"PUBLIC_HOST": "ward corp"}, "PUBLIC_HOST: 'ward corp'"),
        ({"PUBLIC_HOST": "0.0.0.0"}, "PUBLIC_HOST: '0.0.0.0'"),
        ({"PUBLIC_HOST": "fd00::7"}, "needs in brackets"),
        ({"OTHER_HOSTS": "a.corp,http://b.corp"}, "OTHER_HOSTS: 'a.corp,http://b.corp' is not allowed"),
        ({"HTTPS_PROXY": "socks5://secret@proxy:1080"}, "HTTPS_PROXY names no http(s) proxy"),
        ({"all_proxy": "http://proxy:port"}, "all_proxy names no http(s) proxy"),
    ],
)
def test_a_name_or_a_proxy_that_cannot_be_is_refused_by_its_setting(values: dict[str, str], told: str) -> None:
    (line,) = _module("compose/preflight.py").problems(GOOD | values)
    assert told in line and "secret" not in line


@pytest.mark.parametrize(
    "values",
    [
        {"PUBLIC_HOST": "[fd00::7]"},
        {"PUBLIC_HOST": "Ward-1.corp"},
        {"OTHER_HOSTS": "a.corp, 10.0.0.7"},
        {"HTTP_PROXY": "proxy:1"},
    ],
)
def test_names_and_proxies_that_can_be_pass(values: dict[str, str]) -> None:
    assert _module("compose/preflight.py").problems(GOOD | values) == []


def test_the_check_runs_with_what_is_mounted_for_it_alone(services: Services, tmp_path: Path) -> None:
    for mounted in services[CHECK]["volumes"][:2]:
        source, target, _ = mounted.split(":")
        (tmp_path / target.strip("/")).symlink_to(ROOT / source)
    done = subprocess.run(
        (
            sys.executable,
            "-I",
            "-c",
            "import sys; sys.path.insert(0, '.'); import preflight; print(preflight.problems({}))",
        ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_mlflow_answers_to_its_service_name_and_to_those_that_people_type() -> None:
    given = {"PUBLIC_HOST": "Ward.corp", "OTHER_HOSTS": "10.0.0.7", "BIND_ADDRESS": "0.0.0.0", "PUBLISHED_PORT": "80"}
    found = _module("mlflow/serve.py").protection(given)
    hosts = set(found["MLFLOW_SERVER_ALLOWED_HOSTS"].split(","))
    names = {"mlflow", "localhost", "127.0.0.1", "ward.corp", "10.0.0.7"}
    assert hosts == {*names, *(f"{name}:*" for name in names), "[::1]", "[[]::1]:*"}
    assert "http://ward.corp:80" in found["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"].split(",")


def test_mlflow_is_told_the_names_and_the_port_that_is_published(services: Services) -> None:
    environment = services["mlflow"]["environment"]
    assert environment["PUBLISHED_PORT"] == "${MLFLOW_PORT:-8084}"
    assert {"PUBLIC_HOST", "OTHER_HOSTS", "BIND_ADDRESS"} <= environment.keys()
    assert not [name for name in environment if "DISABLE_SECURITY" in name]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, set()),
        ({"BIND_ADDRESS": "127.0.0.1"}, set()),
        ({"BIND_ADDRESS": "localhost"}, set()),
        ({"BIND_ADDRESS": "[::1]"}, {*TLS, "PUBLIC_HOST", "OTHER_HOSTS"}),
        ({"BIND_ADDRESS": "0.0.0.0"}, {*TLS, "PUBLIC_HOST", "OTHER_HOSTS"}),
        ({"BIND_ADDRESS": "10.0.0.7"}, {*TLS, "PUBLIC_HOST", "OTHER_HOSTS"}),
        ({"BIND_ADDRESS": "0.0.0.0", "PUBLIC_HOST": "ward.corp"}, {*TLS, "OTHER_HOSTS"}),
    ],
)
def test_make_up_finds_the_names_that_env_leaves_open(settings: dict[str, str], told: set[str]) -> None:
    found = _module("compose/public_names.py").unset(settings)
    assert set(found) == told
    assert "0.0.0.0" not in (found.get("PUBLIC_HOST"), found.get("BIND_ADDRESS"))
    assert _module("compose/preflight.py").problems(GOOD | settings | found) == []


def test_tls_comes_beside_what_else_is_asked_for() -> None:
    found = _module("compose/public_names.py").unset({"BIND_ADDRESS": "10.0.0.7", "COMPOSE_PROFILES": "tools,tls"})
    assert (found["BIND_ADDRESS"], found["COMPOSE_PROFILES"]) == ("10.0.0.7", "tools,tls")


@pytest.mark.parametrize(
    ("said", "published", "shown"),
    [
        ("", "edge 10.0.0.7:8084", "https://10.0.0.7:8084 "),
        ("ward.corp", "edge 10.0.0.7:8085", "https://ward.corp:8085 "),
        ("ward.corp", "mlflow 127.0.0.1:8084", "http://127.0.0.1:8084 "),
    ],
)
def test_the_addresses_that_make_up_shows_open(tmp_path: Path, said: str, published: str, shown: str) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        '*config*) printf "PUBLIC_HOST=%s\\n" "$SAID" ;;\n'
        '*" port ${PUBLISHED% *} 5000") echo "${PUBLISHED#* }" ;;\n'
        '*" port "*) exit 1 ;;\n'
        "esac\n",
        encoding="utf-8",
    )
    docker.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SAID": said, "PUBLISHED": published}
    told = subprocess.run((ROOT / "compose/addresses.sh",), env=environment, capture_output=True, text=True).stdout
    assert shown in told
