"""The supervisor on small services of the test's own: what dies is restarted or told, and nothing is ever left."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from connections.settings import Settings
from readmission.local.platform import Platform
from readmission.local.ports import BusyPortError
from readmission.local.service import Folders, ServiceFailedError
from readmission.local.supervisor_file import socket_path
from tests.free_ports import free_port
from tests.integration.local.small import WAITS, is_alive, pid_of, silent, small

Start = Callable[..., Platform]


@pytest.fixture
def platform_of(settings: Settings) -> Iterator[Start]:
    """Makes platforms of one service; whatever they start is stopped after the test."""
    made: list[Platform] = []

    def make(state_dir: Path | None = None, **changes: object) -> Platform:
        own = settings.model_copy(update={"state_dir": state_dir or settings.state_dir})
        platform = Platform(own, (small(Folders.of(own), **changes),))  # type: ignore[arg-type]
        made.append(platform)
        return platform

    yield make
    for platform in made:
        platform.down()


def test_stopping_leaves_no_process_of_the_tree(platform_of: Start) -> None:
    platform = platform_of()
    platform.up(silent)
    tree = platform.supervisor.processes()
    assert len(tree) == 3  # the supervisor, the service and its child
    platform.down()
    assert [process for process in tree if is_alive(process)] == []


def test_what_a_killed_supervisor_left_is_stopped(platform_of: Start, poll: Callable[..., object]) -> None:
    platform = platform_of()
    platform.up(silent)
    leader = next(p for p in platform.supervisor.processes() if "supervisord" in " ".join(p.cmdline()))
    leader.kill()
    poll(lambda: not platform.supervisor.is_leader_alive())
    orphans = platform.supervisor.processes()
    assert len(orphans) == 2
    platform.down()
    assert platform.supervisor.processes() == [] and not any(is_alive(orphan) for orphan in orphans)


def test_a_service_that_dies_later_is_started_again(platform_of: Start, poll: Callable[..., object]) -> None:
    platform = platform_of()
    platform.up(silent)
    before = pid_of(platform)
    os.kill(before, signal.SIGKILL)
    poll(lambda: pid_of(platform) not in (0, before) and platform.services[0].healthy())


def test_a_service_that_dies_at_once_is_told_with_the_end_of_its_log(platform_of: Start) -> None:
    platform = platform_of(code="raise SystemExit('no colour today')")
    with pytest.raises(ServiceFailedError, match=r"(?s)small ended.*no colour today"):
        platform.up(silent)


def test_a_service_that_never_becomes_healthy_is_told(platform_of: Start) -> None:
    platform = platform_of(code=f"print('thinking', flush=True); {WAITS}")
    object.__setattr__(platform.services[0], "start_seconds", 1.0)
    with pytest.raises(ServiceFailedError, match=r"(?s)not healthy after 1 s.*thinking"):
        platform.up(silent)


def test_up_again_keeps_what_runs_as_declared_and_restarts_what_does_not(platform_of: Start) -> None:
    port = free_port()
    first = platform_of(port=port)
    first.up(silent)
    before = pid_of(first)
    told: list[tuple[str, str]] = []
    platform_of(port=port).up(lambda name, doing: told.append((name, doing)))
    assert pid_of(first) == before and told[0] == ("small", "running already")
    told.clear()
    platform_of(port=port, colour="blue").up(lambda name, doing: told.append((name, doing)))
    assert pid_of(first) != before
    assert told[0] == ("small", "starting anew, since its settings have changed")
    assert psutil.Process(pid_of(first)).environ()["COLOUR"] == "blue"


def test_a_port_taken_by_another_program_stops_the_start(platform_of: Start) -> None:
    platform = platform_of()
    port = platform.services[0].port
    assert port is not None
    taken = port.number
    with (
        socket.create_server(("127.0.0.1", taken)),
        pytest.raises(BusyPortError, match=rf"port {taken} .*pid {os.getpid()}.*SMALL_PORT"),
    ):
        platform.up(silent)
    assert platform.supervisor.processes() == []


@pytest.mark.parametrize("name", ["100 % mine, isn't it", "deep/" * 30 + "down"])
def test_awkward_paths_work(name: str, tmp_path: Path, platform_of: Start) -> None:
    platform = platform_of(state_dir=tmp_path / name)
    platform.up(silent)
    assert len(str(socket_path(platform.folders.run))) < 104
    assert "the port is" in platform.services[0].log.read_text(encoding="utf-8")


def test_what_holds_secrets_is_closed_to_others(platform_of: Start) -> None:
    platform = platform_of()
    platform.up(silent)
    run = platform.folders.run
    assert run.stat().st_mode & 0o777 == 0o700
    assert (run / "small.json").stat().st_mode & 0o777 == 0o600
    assert "COLOUR" not in (run / "supervisord.conf").read_text(encoding="utf-8")
