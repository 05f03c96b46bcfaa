"""What others than this machine reach: pages and APIs over TLS, under its names; no store, and nothing in clear."""

import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.chromium import chromium, empty_page, trusting, visitor
from tests.e2e.made import WARD
from tests.e2e.stack import Stack
from tests.e2e.test_1_start import REGISTRY
from tests.outside.figures import NotProven

pytestmark = pytest.mark.usefixtures("pipeline")
# Of this machine, as the network's addresses are, and free of the plain ports.
OUTER = "127.0.0.2"
TLS = {"BIND_ADDRESS": OUTER, "COMPOSE_PROFILES": "tls", "PUBLIC_SCHEME": "https"}


@pytest.fixture(scope="module")
def edge(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The same project, let out over TLS; the services that run already stay as they are."""
    file = tmp_path_factory.mktemp("tls") / "env"
    file.write_text("".join(f"{name}={value}\n" for name, value in {**stack.env, **TLS}.items()), encoding="utf-8")
    out = Stack(stack.project, file, stack.data)
    try:
        out.compose("up", "--detach", "--wait", "--build", "edge")
        yield out
    finally:
        out.compose("rm", "--stop", "--force", "--volumes", "edge")


@pytest.fixture(scope="module")
def authority(edge: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate that `make tls-root` prints."""
    file = tmp_path_factory.mktemp("authority") / "root.crt"
    command = ("exec", "-T", "edge", "cat", "/var/lib/edge/caddy/pki/authorities/local/root.crt")
    file.write_text(edge.compose(*command), encoding="utf-8")
    return file


def _asked(
    edge: Stack, authority: Path, port: str, path: str, *, name: str = WARD, body: Any = None, **headers: str
) -> httpx.Response:
    """An answer over TLS to who means the machine called `name`."""
    request = httpx.Request(
        "GET" if body is None else "POST",
        f"https://{OUTER}:{edge.env[port]}{path}",
        headers={"Host": f"{name}:{edge.env[port]}", **headers},
        json=body,
        extensions={"sni_hostname": name},
    )
    with httpx.Client(verify=ssl.create_default_context(cafile=str(authority)), trust_env=False, timeout=30) as client:
        return client.send(request)


def _key(edge: Stack) -> dict[str, str]:
    return {"X-API-Key": edge.api_key}


def test_every_page_and_api_answers_to_who_trusts_the_authority(
    edge: Stack, authority: Path, not_proven: NotProven
) -> None:
    login = f"Basic {b64encode(':'.join(edge.reader).encode()).decode()}"
    assert "registered_models" in _asked(edge, authority, "MLFLOW_PORT", REGISTRY, Authorization=login).json()
    assert _asked(edge, authority, "AIRFLOW_PORT", "/api/v2/monitor/health").json()["metadatabase"]
    predicted = _asked(edge, authority, "API_PORT", "/predict?patient=4711", body={"age": 71}, **_key(edge))
    assert 0 < predicted.json()["probability"] < 1
    assert predicted.headers["strict-transport-security"] == "max-age=31536000"
    assert not {"server", "alt-svc"} & predicted.headers.keys()
    console = _asked(edge, authority, "MINIO_CONSOLE_PORT", "/", Accept="text/html")
    if "stand-in" in console.text:
        not_proven("MinIO's console over TLS: the object store here is a stand-in without one")
    assert console.status_code == 200


@pytest.mark.parametrize("port", ["API_PORT", "FORM_PORT", "MLFLOW_PORT", "AIRFLOW_PORT", "MINIO_CONSOLE_PORT"])
def test_a_page_whose_name_was_made_to_lead_here_gets_nothing(edge: Stack, authority: Path, port: str) -> None:
    assert _asked(edge, authority, port, "/", Host="evil.test").status_code == 421
    with pytest.raises(httpx.ConnectError, match=r"(?i)alert|certificate"):
        _asked(edge, authority, port, "/", name="evil.test")
    foreign = _asked(edge, authority, port, "/", Origin="https://evil.test")
    assert foreign.status_code == 403


def test_more_than_a_request_may_hold_is_refused(edge: Stack, authority: Path) -> None:
    answer = _asked(edge, authority, "API_PORT", "/predict", body="x" * 17_000_000, **_key(edge))
    assert answer.status_code == 413


@pytest.mark.parametrize("port", ["MYSQL_PORT", "S3_PORT"])
def test_a_store_is_not_there(edge: Stack, port: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((OUTER, int(edge.env[port])), timeout=3)


def test_nothing_is_there_in_clear(edge: Stack) -> None:
    listed = [json.loads(line)["Publishers"] for line in edge.compose("ps", "--format", "json").splitlines()]
    outer = {port["PublishedPort"] for ports in listed for port in ports if port["URL"] == OUTER}
    assert len(outer) == 5
    for port in outer:
        assert httpx.get(f"http://{OUTER}:{port}/", trust_env=False).status_code == 400


def test_the_form_works_in_a_browser_that_trusts_the_authority(edge: Stack, authority: Path, tmp_path: Path) -> None:
    trusting(authority, tmp_path)
    with chromium(f"--host-resolver-rules=MAP {WARD} {OUTER}", "--no-proxy-server", home=tmp_path) as browser:
        page = empty_page(visitor(browser))
        page.goto(f"https://{WARD}:{edge.env['FORM_PORT']}/?lang=es")
        # What is on it comes over the websocket.
        expect(page.get_by_role("heading", name="Riesgo de reingreso en 30 días")).to_be_visible()


def test_a_service_reaches_no_other_through_the_proxy(edge: Stack) -> None:
    reach = "import socket; socket.create_connection(('edge', 8080), timeout=3)"
    tried = edge.try_compose("exec", "-T", "front", "python", "-c", reach)
    assert "ConnectionRefusedError" in tried.stderr


def test_it_runs_without_rights_and_its_log_holds_nobodys_values(edge: Stack) -> None:
    container = edge.container("edge")
    assert container["HostConfig"]["ReadonlyRootfs"] and not container["HostConfig"]["CapAdd"]
    assert edge.compose("exec", "-T", "edge", "id", "-u").strip() == "10001"
    logged = edge.compose("logs", "--no-log-prefix", "edge")
    assert '"uri":"/predict?..."' in logged
    assert "4711" not in logged and edge.api_key not in logged and "Basic " not in logged
