"""What the checks behind compose/health.sh say: a service works, does not answer, or lacks another."""

import os
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import Request

import pytest
import yaml

from connections.http_health import FAILS, SILENT, WORKS, code
from tests.conftest import ROOT


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answers with the status that the path names."""
        self.send_response(int(self.path.rpartition("/")[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.mark.parametrize(
    ("alive", "works", "told"),
    [
        ("200", ("200", "200"), WORKS),
        ("503", ("200",), WORKS),
        ("200", ("200", "503"), FAILS),
        ("200", ("401",), FAILS),
    ],
)
def test_a_server_that_answers_anything_lives(alive: str, works: tuple[str, ...], told: int) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        assert code(Request(address + alive), [Request(address + status) for status in works]) == told
        server.shutdown()


@pytest.fixture
def unused_port() -> int:
    """One on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_server_that_does_not_answer_is_silent(unused_port: int) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "connections.http_health", f"http://127.0.0.1:{unused_port}", "/live", "/works"),
        cwd=ROOT,
    )
    assert done.returncode == SILENT


WELL = '{"metadatabase":{"status":"healthy"},"scheduler":{"status":"healthy"},"triggerer":{"status":null}}'
NO_TABLES = WELL.replace('"metadatabase":{"status":"healthy"}', '"metadatabase":{"status":"unhealthy"}')


@pytest.mark.parametrize(
    ("part", "answer", "told"),
    [
        ("scheduler", WELL, WORKS),
        ("triggerer", WELL, SILENT),
        ("dag_processor", WELL, SILENT),
        ("triggerer", NO_TABLES, FAILS),  # who is alive cannot be known
        ("scheduler", None, FAILS),
        ("api-server", WELL, WORKS),
        ("api-server", NO_TABLES, FAILS),
        ("api-server", None, SILENT),
    ],
)
def test_a_part_of_airflow_is_silent_where_the_api_server_says_so(
    tmp_path: Path, part: str, answer: str | None, told: int
) -> None:
    curl = tmp_path / "curl"
    curl.write_text("#!/bin/sh\n" + ("exit 7" if answer is None else f"echo '{answer}'"), encoding="utf-8")
    curl.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(("sh", str(ROOT / "compose/airflow_health.sh"), part), env=environment, capture_output=True)
    assert done.returncode == told


@pytest.mark.parametrize("part", ["scheduler", "dag-processor", "triggerer"])
def test_kubernetes_asks_the_same_before_it_starts_a_part_anew(part: str) -> None:
    manifests = yaml.safe_load_all((ROOT / f"k8s/base/airflow/{part}.yaml").read_text(encoding="utf-8"))
    (pod,) = (one["spec"]["template"]["spec"] for one in manifests if one["kind"] == "Deployment")
    command = f"sh /platform/airflow_health.sh {part.replace('-', '_')}; test $? -ne 1"
    assert [one["livenessProbe"]["exec"]["command"] for one in pod["containers"]] == [["sh", "-c", command]]


def test_a_broker_that_is_away_is_no_fault_of_the_workers(unused_port: int) -> None:
    environment = os.environ | {"AIRFLOW__CELERY__BROKER_URL": f"redis://:secret@127.0.0.1:{unused_port}/0"}
    command = (sys.executable, str(ROOT / "compose/worker_healthcheck.py"))
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (FAILS, "127.0.0.1, the broker, does not answer: ConnectionError\n")
