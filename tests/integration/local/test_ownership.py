"""Whose services are: a command stops only what it started, a folder finds only its own, wherever it is now."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path

import psutil
import pytest
import typer

from connections.settings import Settings
from readmission.local import commands
from readmission.local.platform import BusyError, Platform
from readmission.local.supervisor_file import socket_path
from tests.conftest import Poll
from tests.free_ports import free_port
from tests.integration.local.small import WAITS, is_alive, pid_of, platform_in, silent

pytestmark = pytest.mark.slow

Start = Callable[..., Platform]


@pytest.fixture
def platform_of(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Makes platforms of one service in a folder, named; whatever they start is stopped after the test."""
    made: list[Platform] = []

    def make(name: str = "var", **changes: object) -> Platform:
        made.append(platform_in(settings, tmp_path / name, **changes))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for platform in made:
        platform.down()


@pytest.fixture
def handlers() -> Iterator[None]:
    """Gives signals back their handlers, which a command changes."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("error", [KeyboardInterrupt(), BusyError("no"), RuntimeError("a disk is full")])
def test_who_found_the_services_running_leaves_them_and_who_started_them_does_not(
    error: BaseException, platform_of: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    first, second = platform_of(port=port), platform_of(port=port)
    first.up(silent)
    before = pid_of(first)
    with pytest.raises(typer.Exit), commands._stopping(second, detach=False):
        second.up(silent)
        raise error
    assert pid_of(first) == before
    said = capsys.readouterr()
    assert "stay up" in said.out and "Traceback" not in said.out + said.err and len(said.err.splitlines()) <= 6
    with pytest.raises(typer.Exit), commands._stopping(first, detach=False):
        raise error
    assert first.supervisor.processes() == []


@pytest.mark.usefixtures("handlers")
def test_a_second_command_ends_and_leaves_the_services_when_it_succeeds(
    platform_of: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    first, second = platform_of(port=port), platform_of(port=port)
    first.up(silent)
    with commands._stopping(second, detach=False):
        second.up(silent)
    assert first.supervisor.is_running() and "ran before" in capsys.readouterr().out


@pytest.mark.usefixtures("handlers")
def test_of_two_at_once_the_second_is_refused_and_stops_nothing(platform_of: Start) -> None:
    port = free_port()
    first, second = platform_of(port=port), platform_of(port=port)
    first.up(silent)
    with (first.folders.run / "lock").open("w") as held:
        flock(held, LOCK_EX)
        with pytest.raises(typer.Exit), commands._stopping(second, detach=False):
            second.up(silent)
    assert first.supervisor.is_running()


def test_a_copy_of_the_folder_neither_sees_nor_stops_the_originals_processes(
    platform_of: Start, tmp_path: Path
) -> None:
    original = platform_of()
    original.up(silent)
    subprocess.run(("cp", "-r", tmp_path / "var", tmp_path / "copy"), check=True)
    copy = platform_of("copy")
    assert copy.supervisor.processes() == [] and not copy.supervisor.is_running()
    assert copy.down() == 0
    assert copy.supervisor.moved_from() is None
    copy.up(silent)
    assert original.supervisor.is_running() and original.services[0].healthy()
    copy.down()
    assert original.supervisor.is_running() and original.services[0].healthy()


def test_a_folder_that_moves_keeps_its_processes_and_starts_them_anew(platform_of: Start, tmp_path: Path) -> None:
    before = platform_of()
    before.up(silent)
    tree = before.supervisor.processes()
    (tmp_path / "var").rename(tmp_path / "moved")
    moved = platform_of("moved")
    assert {process.pid for process in moved.supervisor.processes()} == {process.pid for process in tree}
    told: list[str] = []
    moved.up(silent, told.append)
    assert len(told) == 1 and str(tmp_path / "var") in told[0]
    assert not any(is_alive(process) for process in tree)
    assert moved.services[0].healthy() and moved.supervisor.moved_from() is None


def test_a_folder_that_moved_can_be_stopped(platform_of: Start, tmp_path: Path) -> None:
    platform_of().up(silent)
    (tmp_path / "var").rename(tmp_path / "moved")
    assert platform_of("moved").down() == 3
    assert platform_of("moved").supervisor.processes() == []


def test_a_number_that_went_to_a_stranger_is_nobody_of_ours(platform_of: Start) -> None:
    platform = platform_of()
    platform.folders.create()
    with subprocess.Popen((sys.executable, "-c", WAITS), start_new_session=True) as stranger:
        record = {"pid": stranger.pid, "created": psutil.Process(stranger.pid).create_time(), "state": "elsewhere"}
        (platform.folders.run / "supervisord.json").write_text(json.dumps(record), encoding="utf-8")
        try:
            assert platform.supervisor.processes() == [] and platform.down() == 0
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_what_is_left_without_its_record_is_found_by_its_port(platform_of: Start, poll: Poll) -> None:
    port = free_port()
    first = platform_of(port=port)
    first.up(silent)
    tree = first.supervisor.processes()
    (first.folders.run / "supervisord.json").unlink()
    socket_path(first.folders.run).unlink()
    assert first.supervisor.processes() == []
    second = platform_of(port=port)
    second.up(silent)
    assert second.started and second.services[0].healthy()
    poll(lambda: not any(is_alive(process) for process in tree))
