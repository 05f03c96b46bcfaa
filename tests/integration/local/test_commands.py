"""The embedded platform as a person starts and stops it: every service real, all of it on loopback, nothing left."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from connections.settings import Settings, machine_environment
from readmission.dag_runs.run import PIPELINE, RunFailedError, finish_begun, run_dag, wait_for_dags
from readmission.local import processes
from readmission.local.demo import airflow_client
from readmission.local.platform import Platform
from tests.free_ports import free_offset, platform_ports
from tests.mlflow_admin import login_of
from tests.recording_proxy import RecordingProxy, recording_proxy, without_proxies

pytestmark = pytest.mark.slow

Poll = Callable[..., object]
COMMAND = (sys.executable, "-m", "readmission.local")
SECRETS = tuple(name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation))
START_SECONDS = 300


@pytest.fixture(scope="module")
def moved(private_settings: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = private_settings(tmp_path_factory.mktemp("embedded"))
    return settings.model_copy(update={"port_offset": free_offset(settings)})


@pytest.fixture(scope="module")
def proxy() -> Iterator[RecordingProxy]:
    """The proxy of the network that all of it runs in, to the internet and to nothing else."""
    with recording_proxy() as running:
        yield running


@pytest.fixture(scope="module")
def environment(moved: Settings, proxy: RecordingProxy) -> dict[str, str]:
    network = {"HTTP_PROXY": proxy.address, "https_proxy": proxy.address, "ALL_PROXY": "socks5://127.0.0.1:9"}
    return without_proxies(machine_environment()) | network | moved.as_environment(*SECRETS)


@pytest.fixture(scope="module")
def platform(moved: Settings) -> Platform:
    return Platform(moved)


@pytest.fixture(scope="module")
def command(
    moved: Settings, environment: dict[str, str], platform: Platform, poll: Poll
) -> Iterator["subprocess.Popen[bytes]"]:
    """`python -m readmission.local up`, once everything is up."""
    folder = moved.state_dir.parent
    output = folder / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen((*COMMAND, "up"), env=environment, cwd=folder, stdout=file, stderr=file)
    try:
        poll(lambda: _is_up(process, output), deadline=START_SECONDS, every=0.5)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=120)
        platform.down()


def _is_up(process: "subprocess.Popen[bytes]", output: Path) -> bool:
    said = output.read_text(encoding="utf-8")
    if process.poll() is not None:
        pytest.fail(f"it did not come up:\n{said}")
    return "Everything is up" in said


@pytest.fixture
def running(command: "subprocess.Popen[bytes]", platform: Platform) -> Platform:
    """The platform while it is up."""
    assert command.poll() is None
    return platform


def test_every_service_is_healthy(running: Platform) -> None:
    assert {service.name: service.healthy() for service in running.services} == {
        service.name: True for service in running.services
    }
    assert {state.state for state in running.supervisor.states().values()} == {"RUNNING"}


def test_the_whole_tree_listens_on_loopback_and_its_declared_ports_only(running: Platform) -> None:
    tree = running.supervisor.processes()
    assert len(tree) >= 1 + len(running.services)
    assert processes.listening(tree) == {("127.0.0.1", port) for port in platform_ports(running.settings)}


def test_airflow_alone_holds_the_secret_that_signs_its_tokens(running: Platform) -> None:
    states = running.supervisor.states()
    secret = running.settings.airflow_jwt_secret.get_secret_value()
    held = {name for name, state in states.items() if secret in psutil.Process(state.pid).environ().values()}
    # The API server writes its title over the memory that shows its environment.
    assert held - {"airflow-api-server"} == {"airflow-scheduler", "airflow-dag-processor"}


def test_mlflow_refuses_a_foreign_host(running: Platform) -> None:
    url = f"{running.settings.url('mlflow')}/api/2.0/mlflow/experiments/search?max_results=1"
    hosts: tuple[dict[str, str], ...] = ({"Host": "elsewhere.example"}, {})
    login = login_of(running.settings, "api")
    asked = [httpx.get(url, headers=host, auth=login, trust_env=False).status_code for host in hosts]
    assert asked == [403, 200]


def test_mlflow_lets_nobody_in_without_a_login(running: Platform) -> None:
    assert httpx.get(running.settings.url("mlflow"), trust_env=False).status_code == 401


def test_status_tells_that_all_is_well(running: Platform, environment: dict[str, str]) -> None:
    told = _command(running, environment, "status")
    assert told.returncode == 0 and told.stdout.count("answers") == len(running.services)
    assert all(service.address in told.stdout for service in running.services if service.address)
    assert "api: not ready (503): failed checks: model: " in told.stdout  # nothing was trained yet
    password = running.settings.airflow_admin_password.get_secret_value()
    assert password not in told.stdout + told.stderr


def test_another_start_finds_everything_running(running: Platform, environment: dict[str, str]) -> None:
    before = {name: state.pid for name, state in running.supervisor.states().items()}
    told = _command(running, environment, "up", "--detach")
    assert told.returncode == 0 and told.stdout.count("running already") == len(running.services)
    assert "stay up" in told.stdout
    assert {name: state.pid for name, state in running.supervisor.states().items()} == before


def test_a_second_demo_that_fails_leaves_everything_running(running: Platform, environment: dict[str, str]) -> None:
    before = {name: state.pid for name, state in running.supervisor.states().items()}
    failed = _command(running, environment | {"DATASET_SOURCE": "/nowhere.csv"}, "demo")
    assert failed.returncode == 1 and "/nowhere.csv" in failed.stderr and "stay up" in failed.stdout
    assert len(failed.stderr.splitlines()) < 10
    assert {name: state.pid for name, state in running.supervisor.states().items()} == before


@pytest.mark.parametrize("name", ["mlflow", "airflow-scheduler"])
def test_what_is_killed_comes_back_and_leaves_no_children(running: Platform, poll: Poll, name: str) -> None:
    killed = next(service for service in running.services if service.name == name)
    before = running.supervisor.states()[name].pid
    children = psutil.Process(before).children(recursive=True)
    os.kill(before, signal.SIGKILL)
    assert (children != []) == (name == "airflow-scheduler")
    poll(lambda: not any(map(_is_alive, children)), deadline=60)
    poll(lambda: running.supervisor.states()[name].pid not in (0, before) and killed.healthy(), deadline=240)


def test_a_dag_runs_and_a_failed_one_shows_the_log_of_its_task(running: Platform) -> None:
    seen: list[str] = []
    missing = str(running.settings.state_dir / "no-such-file.csv")
    with airflow_client(running.settings) as airflow:
        wait_for_dags(airflow)
        run_dag(airflow, PIPELINE[0], lambda dag_id, *_: seen.append(dag_id))
        with pytest.raises(RunFailedError, match=f"(?s)cargar_datos failed at cargar_csv.*{re.escape(missing)}"):
            run_dag(airflow, "cargar_datos", lambda dag_id, *_: seen.append(dag_id), {"source": missing})
    assert set(seen) == {PIPELINE[0], "cargar_datos"}
    assert (running.settings.state_dir / "databases/RAW_DATA.db").is_file()


def test_a_task_downloads_through_the_proxy_and_nothing_else_asked_it(running: Platform, proxy: RecordingProxy) -> None:
    assert proxy.asked == []
    away = "http://files.example/encounters.csv"
    proxy.pages[away] = b"a,b\n1,2\n"
    with airflow_client(running.settings) as airflow:
        wait_for_dags(airflow)
        with pytest.raises(RunFailedError, match=r"(?s)cargar_datos failed at cargar_csv.*has no line of column names"):
            run_dag(airflow, "cargar_datos", lambda *_: None, {"source": away})
    assert proxy.asked == [away]


def test_a_run_that_was_begun_before_is_brought_to_its_end(running: Platform) -> None:
    with airflow_client(running.settings) as airflow:
        wait_for_dags(airflow)
        airflow.set_paused(PIPELINE[0], True)
        run = airflow.trigger(PIPELINE[0])
        assert [waiting.dag_run_id for waiting in airflow.unfinished(PIPELINE[0])] == [run.dag_run_id]
        finish_begun(airflow, lambda *_: None)
        assert airflow.run(run).state == "success"
        assert airflow.unfinished(PIPELINE[0]) == []


def test_a_killed_service_comes_back(running: Platform, poll: Poll) -> None:
    api = next(service for service in running.services if service.name == "api")
    before = running.supervisor.states()["api"].pid
    os.kill(before, signal.SIGKILL)
    poll(lambda: running.supervisor.states()["api"].pid not in (0, before) and api.healthy(), deadline=60)


def test_the_state_is_closed_to_other_users(running: Platform) -> None:
    assert running.folders.state.stat().st_mode & 0o777 == 0o700


# The last one: it stops what the others use.
def test_one_interrupt_stops_every_process(
    running: Platform, command: "subprocess.Popen[bytes]", environment: dict[str, str], proxy: RecordingProxy
) -> None:
    tree = running.supervisor.processes()
    command.send_signal(signal.SIGINT)
    assert command.wait(timeout=120) == 0
    assert [process for process in tree if _is_alive(process)] == []
    assert running.supervisor.processes() == []
    assert proxy.hosts() <= {"files.example"}
    told = _command(running, environment, "status")
    assert told.returncode == 1 and told.stdout.count("stopped") == len(running.services)


def _command(running: Platform, environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (*COMMAND, *arguments),
        env=environment | {"COLUMNS": "200"},
        cwd=running.settings.state_dir.parent,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
