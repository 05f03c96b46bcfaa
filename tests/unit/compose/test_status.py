"""What `make status` makes of containers: it asks the published addresses, and knows jobs from services."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from compose import status
from tests.free_ports import free_port


class _Ill(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def ill() -> Iterator[int]:
    """A server whose `/health` is well and everything else not."""
    with HTTPServer(("127.0.0.1", 0), _Ill) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def _container(service: str, state: str = "running", health: str = "", code: int = 0, **port: int) -> dict[str, Any]:
    published = [{"URL": "0.0.0.0", "PublishedPort": port["at"], "TargetPort": port["inner"]}] if port else []
    return {"Service": service, "State": state, "Health": health, "ExitCode": code, "Publishers": published}


def test_a_published_service_is_asked_where_it_says_that_it_works(ill: int) -> None:
    well = status.status(_container("mlflow", health="healthy", at=ill, inner=5000), is_job=False)
    bad = status.status(_container("api", health="healthy", at=ill, inner=8000), is_job=False)
    assert (well.state, well.address) == (status.ANSWERS, f"0.0.0.0:{ill}")
    assert bad.state == status.SILENT


class _Without(_Ill):
    """Answers, and says what it does without; `ready` is whether it would answer a prediction."""

    ready = True

    def do_GET(self) -> None:
        self.send_response(200 if self.ready or self.path == "/health/live" else 503)
        self.end_headers()
        problems = ["CLEAN_DATA does not answer.", "12 predictions wait."]
        told = {"problems": problems} if self.ready else {"error": {"message": "failed checks: no key"}}
        self.wfile.write(json.dumps(told).encode())


@pytest.mark.parametrize(
    ("is_ready", "said"),
    [(True, "CLEAN_DATA does not answer. 12 predictions wait."), (False, "not ready (503): failed checks: no key")],
)
def test_the_prediction_service_says_what_it_does_without(
    monkeypatch: pytest.MonkeyPatch, is_ready: bool, said: str
) -> None:
    monkeypatch.setattr(_Without, "ready", is_ready)
    with HTTPServer(("127.0.0.1", 0), _Without) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        found = status.status(_container("api", health="healthy", at=server.server_port, inner=8000), is_job=False)
        server.shutdown()
    assert (found.state, found.remark) == (status.ANSWERS, said)


def test_docker_thinks_it_healthy_and_nobody_listens() -> None:
    found = status.status(_container("mysql", health="healthy", at=free_port(), inner=3306), is_job=False)
    assert found.state == status.SILENT


def test_a_port_that_speaks_no_http_is_connected_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        at = server.getsockname()[1]
        assert status.status(_container("mysql", at=at, inner=3306), is_job=False).state == status.ANSWERS


def test_what_speaks_no_http_where_it_should_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_greet, args=(server,), daemon=True).start()
        found = status.status(_container("api", health="healthy", at=server.getsockname()[1], inner=8000), is_job=False)
    assert found.state == status.SILENT


def _greet(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1_000)
        connection.sendall(b"220 a mail server\r\n")


@pytest.mark.parametrize(
    ("container", "is_job", "state"),
    [
        (_container("bucket", "exited"), True, status.DONE),
        (_container("bucket", "exited", code=3), True, "exited (3)"),
        (_container("redis", "exited"), False, "exited (0)"),
        (_container("redis", "paused", health="healthy"), False, "paused: `docker compose unpause` lets it go on"),
        (_container("redis", "restarting", code=1), False, "ended and is started again"),
        (_container("redis", "created"), False, "not started"),
        (_container("redis", health="healthy"), False, status.ANSWERS),
        (_container("redis", health="starting"), False, status.STARTING),
        (_container("redis", health="unhealthy"), False, status.SILENT),
    ],
)
def test_what_has_no_address_is_as_docker_says(container: dict[str, Any], is_job: bool, state: str) -> None:
    assert status.status(container, is_job).state == state


def test_what_was_never_created_is_missed() -> None:
    found = status.statuses({"redis": {}, "mlflow": {}}, [_container("redis", health="starting")])
    assert [(one.service, one.state) for one in found] == [("mlflow", "not created"), ("redis", status.STARTING)]


@pytest.mark.parametrize(
    ("check", "state", "remark"),
    [
        ("exit 0", status.ANSWERS, ""),
        ("echo mysql cannot be reached; exit 1", status.LACKS, "mysql cannot be reached"),
        ("exit 1", status.SILENT, ""),
        ("sleep 60", status.SILENT, ""),
    ],
)
def test_its_own_health_check_is_asked_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: str, state: str, remark: str
) -> None:
    program = tmp_path / "docker"
    program.write_text(f"""#!/bin/sh
if [ "$1" = inspect ]; then echo '["CMD","sh","/platform/health.sh","true"]'; exit; fi
[ "$*" = "exec --env HEALTH_LOG=/dev/null 4f2a sh /platform/health.sh true" ] || exit 3
{check}
""")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(status, "_CHECK_SECONDS", 1)
    (found,) = status.statuses({}, [_container("mlflow", health="healthy") | {"ID": "4f2a"}])
    assert found == status.Status("mlflow", state, "", remark)


@pytest.mark.parametrize("listed", ['{"a": 1}\n{"a": 2}\n', '[{"a": 1},{"a": 2}]\n'])
def test_both_ways_of_compose_to_list_containers_are_read(listed: str) -> None:
    assert status.parsed(listed) == [{"a": 1}, {"a": 2}]
    assert status.parsed("") == []
