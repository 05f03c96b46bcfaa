"""The supervisor on small services of the test's own: what dies is restarted or told, and nothing is ever left."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from connections.settings import Settings, machine_environment
from readmission.local.platform import Platform
from readmission.local.ports import BusyPortError
from readmission.local.service import Folders, Port, Service, ServiceFailedError
from readmission.local.supervisor_file import socket_path
from tests.free_ports import free_port

Start = Callable[..., Platform]
# Prints a line, starts a child in a process group of its own as Airflow does, and serves its folder.
SERVER = """
import os, subprocess, sys, http.server
print("the port is", sys.argv[1], flush=True)
subprocess.Popen(["sleep", "600"], process_group=0)
http.server.test(http.server.SimpleHTTPRequestHandler, bind="127.0.0.1", port=int(sys.argv[1]))
"""


def _silent(_name: str, _doing: str) -> None:
    pass


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _service(folders: Folders, code: str = SERVER, port: int | None = None, colour: str = "red") -> Service:
    number = port or free_port()
    return Service(
        name="small",
        command=(sys.executable, "-c", code, str(number)),
        environment=machine_environment() | {"COLOUR": colour},
        folder=folders.of_service("small"),
        log=folders.logs / "small.log",
        healthy=lambda: _answers(number),
        port=Port(number, "SMALL_PORT"),
        start_seconds=30,
    )


@pytest.fixture
def platform_of(settings: Settings) -> Iterator[Start]:
    """Makes platforms of one service; whatever they start is stopped after the test."""
    made: list[Platform] = []

    def make(state_dir: Path | None = None, **changes: object) -> Platform:
        own = settings.model_copy(update={"state_dir": state_dir or settings.state_dir})
        platform = Platform(own, (_service(Folders.of(own), **changes),))  # type: ignore[arg-type]
        made.append(platform)
        return platform

    yield make
    for platform in made:
        platform.down()


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _pid(platform: Platform) -> int:
    return platform.supervisor.states()["small"].pid


def test_stopping_leaves_no_process_of_the_tree(platform_of: Start) -> None:
    platform = platform_of()
    platform.up(_silent)
    tree = platform.supervisor.processes()
    assert len(tree) == 3  # the supervisor, the service and its child
    platform.down()
    assert [process for process in tree if _is_alive(process)] == []


def test_what_a_killed_supervisor_left_is_stopped(platform_of: Start, poll: Callable[..., object]) -> None:
    platform = platform_of()
    platform.up(_silent)
    leader = next(p for p in platform.supervisor.processes() if "supervisord" in " ".join(p.cmdline()))
    leader.kill()
    poll(lambda: not platform.supervisor.is_leader_alive())
    orphans = platform.supervisor.processes()
    assert len(orphans) == 2
    platform.down()
    assert platform.supervisor.processes() == [] and not any(_is_alive(orphan) for orphan in orphans)


def test_a_service_that_dies_later_is_started_again(platform_of: Start, poll: Callable[..., object]) -> None:
    platform = platform_of()
    platform.up(_silent)
    before = _pid(platform)
    os.kill(before, signal.SIGKILL)
    poll(lambda: _pid(platform) not in (0, before) and platform.services[0].healthy())


def test_a_service_that_dies_at_once_is_told_with_the_end_of_its_log(platform_of: Start) -> None:
    platform = platform_of(code="raise SystemExit('no colour today')")
    with pytest.raises(ServiceFailedError, match=r"(?s)small ended.*no colour today"):
        platform.up(_silent)


def test_a_service_that_never_becomes_healthy_is_told(platform_of: Start) -> None:
    platform = platform_of(code="import time; print('thinking', flush=True); time.sleep(600)")
    object.__setattr__(platform.services[0], "start_seconds", 1.0)
    with pytest.raises(ServiceFailedError, match=r"(?s)not healthy after 1 s.*thinking"):
        platform.up(_silent)


def test_up_again_keeps_what_runs_as_declared_and_restarts_what_does_not(platform_of: Start) -> None:
    port = free_port()
    first = platform_of(port=port)
    first.up(_silent)
    before = _pid(first)
    told: list[tuple[str, str]] = []
    platform_of(port=port).up(lambda name, doing: told.append((name, doing)))
    assert _pid(first) == before and told[0] == ("small", "running already")
    platform_of(port=port, colour="blue").up(_silent)
    assert _pid(first) != before
    assert psutil.Process(_pid(first)).environ()["COLOUR"] == "blue"


def test_a_port_taken_by_another_program_stops_the_start(platform_of: Start) -> None:
    platform = platform_of()
    port = platform.services[0].port
    assert port is not None
    taken = port.number
    with (
        socket.create_server(("127.0.0.1", taken)),
        pytest.raises(BusyPortError, match=rf"port {taken} .*pid {os.getpid()}.*SMALL_PORT"),
    ):
        platform.up(_silent)
    assert platform.supervisor.processes() == []


@pytest.mark.parametrize("name", ["100 % mine, isn't it", "deep/" * 30 + "down"])
def test_awkward_paths_work(name: str, tmp_path: Path, platform_of: Start) -> None:
    platform = platform_of(state_dir=tmp_path / name)
    platform.up(_silent)
    assert len(str(socket_path(platform.folders.run))) < 104
    assert "the port is" in platform.services[0].log.read_text(encoding="utf-8")


def test_what_holds_secrets_is_closed_to_others(platform_of: Start) -> None:
    platform = platform_of()
    platform.up(_silent)
    run = platform.folders.run
    assert run.stat().st_mode & 0o777 == 0o700
    assert (run / "small.json").stat().st_mode & 0o777 == 0o600
    assert "COLOUR" not in (run / "supervisord.conf").read_text(encoding="utf-8")
