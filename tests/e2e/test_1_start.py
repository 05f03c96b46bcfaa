"""What a person finds after `up`: everything healthy, closed to others, small, and stopped by a placeholder."""

import http.client
import json
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.e2e.stack import ROOT, Stack, docker, engine_environment
from tests.outside.figures import NotProven

REGISTRY = "/api/2.0/mlflow/registered-models/search?max_results=1"
LAN_HOST = "10.43.101.200"
LARGEST_MB = {"api": 550, "front": 650, "mlflow": 900}
ONE_SHOTS = ("env-check-run-make-env", "migrate", "bucket", "airflow-init", "adopt")


def test_everything_is_healthy_once_the_images_are_there(stack: Stack) -> None:
    found = [json.loads(line) for line in stack.compose("ps", "--all", "--format", "json").splitlines()]
    one_shots = {line["Service"]: line["ExitCode"] for line in found if line["State"] == "exited"}
    assert one_shots == dict.fromkeys(ONE_SHOTS, 0)
    running = {line["Service"]: line["Health"] for line in found if line["State"] != "exited"}
    assert len(running) == 13 and set(running.values()) == {"healthy"}


def test_the_images_are_small(stack: Stack, figures: dict[str, Any]) -> None:
    sizes = {name: _size_mb(image) for name, image in stack.images().items()}
    figures["image_mb"] = sizes
    assert {name: sizes[name] for name, limit in LARGEST_MB.items() if sizes[name] >= limit} == {}


def test_nothing_of_ours_runs_as_root(stack: Stack) -> None:
    for service in ("api", "front", "mlflow", "airflow-apiserver", "airflow-scheduler", "airflow-worker"):
        assert stack.compose("exec", "-T", service, "id", "-u").strip() != "0", service


def test_ports_are_published_on_loopback_alone(stack: Stack) -> None:
    published = [json.loads(line)["Publishers"] for line in stack.compose("ps", "--format", "json").splitlines()]
    open_at = {port["URL"] for ports in published for port in ports if port["PublishedPort"]}
    assert open_at == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("account", "database", "table"),
    [
        ("api", "CLEAN_DATA", "train_data"),
        ("api", "RAW_DATA", "initial_data"),
        ("api", "mlflow", "runs"),
        ("pipeline", "mysql", "user"),
        ("pipeline", "mlflow", "runs"),
        ("pipeline", "RAW_DATA", "predictions"),
        ("keeper", "RAW_DATA", "initial_data"),
        ("owner", "mlflow", "runs"),
        ("mlflow", "RAW_DATA", "predictions"),
    ],
)
def test_an_account_is_refused_what_is_not_its_own(stack: Stack, account: str, database: str, table: str) -> None:
    with stack.database(account).connect() as connection, pytest.raises(DBAPIError, match="denied"):
        connection.execute(text(f"SELECT * FROM `{database}`.`{table}` LIMIT 1"))


@pytest.mark.parametrize("statement", ["DELETE FROM predictions", "UPDATE predictions SET dataset = 'x'"])
def test_the_prediction_service_cannot_change_what_is_logged(stack: Stack, statement: str) -> None:
    with stack.database("api", "RAW_DATA").connect() as connection, pytest.raises(DBAPIError, match="denied"):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("service", "other", "port"),
    [
        ("api", "minio", 9000),
        ("front", "minio", 9000),
        ("airflow-worker", "minio", 9000),
        ("front", "mysql", 3306),
        ("api", "airflow-apiserver", 8080),
        ("airflow-worker", "postgres", 5432),
        ("airflow-apiserver", "redis", 6379),
    ],
)
def test_what_is_none_of_its_business_is_out_of_reach(stack: Stack, service: str, other: str, port: int) -> None:
    tried = _reached(stack, service, other, port)
    assert tried.returncode != 0
    assert re.search(r"(TimeoutError|gaierror): ", tried.stderr)


def test_what_it_works_with_is_in_reach(stack: Stack) -> None:
    for service, other, port in (("mlflow", "minio", 9000), ("api", "mysql", 3306), ("front", "api", 8000)):
        assert _reached(stack, service, other, port).returncode == 0, f"{service} → {other}"


def test_a_task_finds_none_of_airflows_keys(stack: Stack) -> None:
    """What a task reads is what its container was given: it runs as the same user, whose processes it may look into."""
    look = "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; cat /opt/airflow/files/* || true"
    found = stack.compose("exec", "-T", "airflow-worker", "sh", "-c", look)
    names = ("AIRFLOW_FERNET_KEY", "AIRFLOW_SECRET_KEY", "AIRFLOW_JWT_SECRET", "AIRFLOW_ADMIN_PASSWORD")
    kept = {name for name in (*names, "POSTGRES_PASSWORD", "REDIS_PASSWORD") if stack.env[name] in found}
    assert kept == {"REDIS_PASSWORD"}, "the broker's is what remains"


def _reached(stack: Stack, service: str, other: str, port: int) -> subprocess.CompletedProcess[str]:
    reach = f"import socket; socket.create_connection(({other!r}, {port}), timeout=3)"
    return stack.try_compose("exec", "-T", service, "python", "-c", reach)


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:8084", 200), ("mlflow:5000", 200), (f"{LAN_HOST}:8084", 403), ("evil.test", 403)]
)
def test_mlflow_answers_only_to_the_hosts_it_is_configured_for(stack: Stack, host: str, status: int) -> None:
    address = stack.address("mlflow", 5000) + REGISTRY
    answer = httpx.get(address, auth=stack.reader, headers={"Host": host}, trust_env=False)
    assert answer.status_code == status


def test_the_form_refuses_pages_of_other_sites(stack: Stack) -> None:
    assert websocket_status(stack, "localhost:8501") == 101
    assert websocket_status(stack, "localhost:8501", page="http://localhost:8084") == 403
    assert websocket_status(stack, "evil.test:8501") == 403


def test_the_table_names_addresses_and_keys_but_no_password(stack: Stack) -> None:
    settings = {"COMPOSE_ENV_FILES": str(stack.env_file), "COMPOSE_PROJECT_NAME": stack.project}
    script = ROOT / "compose/addresses.sh"
    table = subprocess.check_output([script], cwd=ROOT, env=engine_environment() | settings, text=True)
    rows = [line.split() for line in table.splitlines()]
    listed = {(row[-3], row[-2], row[-1]) for row in rows if len(row) > 3}
    assert (stack.address("airflow-apiserver", 8080), "admin", "AIRFLOW_ADMIN_PASSWORD") in listed
    assert (stack.address("minio", 9001), stack.env["AWS_ACCESS_KEY_ID"], "AWS_SECRET_ACCESS_KEY") in listed
    runs = r"/#/experiments(/\d+/runs)?\?workflowType=machine_learning"
    (row,) = (row for row in listed if row[0].startswith(stack.address("mlflow", 5000)))
    mlflow, *whose = row
    assert whose == ["admin", "MLFLOW_ADMIN_PASSWORD"]
    assert re.fullmatch(re.escape(stack.address("mlflow", 5000)) + runs, mlflow)
    assert (stack.address("api", 8000) + "/docs", "-", "-") in listed
    assert (stack.address("front", 8501), "-", "FORM_PASSWORD") in listed
    passwords = [value for name, value in stack.env.items() if name.endswith(("PASSWORD", "SECRET", "ACCESS_KEY"))]
    assert len(passwords) > 7 and not any(value in table for value in passwords)


def test_no_model_yet_is_healthy_and_says_what_to_do(stack: Stack) -> None:
    if stack.ask("/health/ready").is_success:
        pytest.skip("this stack has a model already (--keep-stack)")
    assert stack.ask("/health").status_code == 200
    answer = stack.ask("/predict", {})
    assert answer.status_code == 503
    assert "entrenar_modelo" in answer.json()["error"]["message"]


@pytest.mark.parametrize("secret", ["POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AIRFLOW_ADMIN_PASSWORD"])
def test_a_placeholder_stops_the_start_and_names_make_env(stack: Stack, tmp_path: Path, secret: str) -> None:
    refused = _with(stack, tmp_path, secret, "changethis")
    try:
        done = refused.try_compose("up", "--detach", "mysql")
        assert done.returncode != 0
        assert "run-make-env" in done.stderr
        said = refused.compose("logs", "--no-log-prefix", "env-check-run-make-env")
        assert secret in said and "`make env`" in said
    finally:
        refused.remove()


@pytest.mark.parametrize("secret", ["MYSQL_ROOT_PASSWORD", "REDIS_PASSWORD"])
def test_a_missing_secret_stops_the_start_and_names_make_env(stack: Stack, tmp_path: Path, secret: str) -> None:
    done = _with(stack, tmp_path, secret, "").try_compose("up", "--detach", "mysql")
    assert done.returncode != 0
    assert secret in done.stderr and "make env" in done.stderr


def test_the_development_override_fits(stack: Stack) -> None:
    merged = stack.compose("--file", "docker-compose.override.example.yml", "config", "--format", "json")
    assert "--reload" in json.loads(merged)["services"]["api"]["command"]


def test_the_object_stores_console_answers(stack: Stack, not_proven: NotProven) -> None:
    answer = httpx.get(stack.address("minio", 9001), headers={"Accept": "text/html"}, trust_env=False)
    if "stand-in" in answer.text:
        not_proven("MinIO's console: the object store here is a stand-in without one")
    assert answer.status_code == 200 and "<html" in answer.text


def websocket_status(stack: Stack, host: str, page: str = "") -> int:
    """How the form, asked under `host`, answers a page of that address or of another that wants to talk to it."""
    address = httpx.URL(stack.address("front", 8501))
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    handshake = {
        "Host": host,
        "Origin": page or f"http://{host}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    connection.request("GET", "/_stcore/stream", headers=handshake)
    status = connection.getresponse().status
    if connection.sock:
        connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    return status


def _with(stack: Stack, folder: Path, name: str, value: str) -> Stack:
    project = f"{stack.project}-refused"
    env = {**stack.env, name: value, "COMPOSE_PROJECT_NAME": project}
    file = folder / "env"
    file.write_text("".join(f"{key}={setting}\n" for key, setting in env.items()), encoding="utf-8")
    return Stack(project, file, stack.data)


def _size_mb(image: str) -> int:
    return int(docker("image", "inspect", "--format", "{{.Size}}", image)) // 1_000_000
