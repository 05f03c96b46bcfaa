"""What a person sees of services that are killed, held up or stopped meanwhile: what is so now, in a few lines."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connections.settings import Settings
from readmission.local import addresses, processes, status
from readmission.local.platform import Platform
from readmission.local.service import Folders, ServiceFailedError
from readmission.local.supervisor_file import SupervisorError
from tests.conftest import Poll
from tests.free_ports import free_port
from tests.integration.local.small import HANGS, PARENT, SERVER, WAITS, answers, is_alive, pid_of, platform_in, silent

pytestmark = pytest.mark.slow

Start = Callable[..., Platform]


@pytest.fixture
def platform_of(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Makes platforms of one service, which are also what `status` looks at; they are stopped after the test."""
    made: list[Platform] = []

    def make(**changes: object) -> Platform:
        made.append(platform_in(settings, tmp_path / "var", **changes))  # type: ignore[arg-type]
        monkeypatch.setattr(status, "Platform", lambda _settings: made[-1])
        return made[-1]

    yield make
    for platform in made:
        platform.down()


def interrupted(_name: str, _doing: str) -> None:
    """Watches until something is being started, as a person does who presses Ctrl-C."""
    raise KeyboardInterrupt


def _state(platform: Platform) -> str:
    (found,) = status.look(platform.settings)
    return found.state


def test_what_a_killed_service_left_is_ended_before_it_starts_again(platform_of: Start, poll: Poll) -> None:
    platform = platform_of(code=PARENT)
    platform.up(silent)
    before = pid_of(platform)
    left = [one for one in platform.supervisor.processes() if one.pid != before and one.ppid() != os.getpid()]
    assert len(left) == 2  # the child that serves, and its own
    os.kill(before, signal.SIGKILL)
    poll(lambda: pid_of(platform) not in (0, before) and platform.services[0].healthy())
    assert not any(is_alive(process) for process in left)


def test_only_what_this_start_wrote_is_shown(platform_of: Start) -> None:
    for said in ("the reason of yesterday", "the reason of today"):
        with pytest.raises(ServiceFailedError) as caught:
            platform_of(code=f"raise SystemExit({said!r})").up(silent)
    told = str(caught.value)
    assert "the reason of today" in told and "yesterday" not in told
    assert str(Folders.of(platform_of().settings).logs / "small.log") in told
    assert len(told.splitlines()) <= 17


def test_a_service_that_wrote_nothing_shows_nothing_of_before(platform_of: Start) -> None:
    with pytest.raises(ServiceFailedError):
        platform_of(code="raise SystemExit('yesterday')").up(silent)
    with pytest.raises(ServiceFailedError, match="Nothing was written to"):
        platform_of(code="raise SystemExit(3)").up(silent)


def test_a_start_that_another_command_stops_says_so(platform_of: Start) -> None:
    platform = platform_of(code=WAITS)

    def stop() -> None:
        platform_of().down()

    with pytest.raises(SupervisorError, match="another command stopped"):
        platform.up(lambda *_: stop())


def test_a_service_that_is_about_to_be_tried_again_is_started_by_the_next_command(
    platform_of: Start, poll: Poll
) -> None:
    port = free_port()
    first = platform_of(code="raise SystemExit('broken')", port=port)
    with pytest.raises(ServiceFailedError):
        first.up(silent)
    poll(lambda: first.supervisor.states()["small"].state in ("BACKOFF", "FATAL"))
    second = platform_of(port=port)
    second.up(silent)
    assert answers(port)


def test_status_tells_what_answers_and_what_does_not(platform_of: Start) -> None:
    port = free_port()
    platform = platform_of(port=port)
    assert _state(platform) == status.STOPPED
    platform.up(silent)
    assert _state(platform) == status.ANSWERS
    platform.down()
    with socket.create_server(("127.0.0.1", port)):
        (found,) = status.look(platform.settings)
    assert found.state == status.SILENT and str(os.getpid()) in found.note and not found.answers


def test_what_has_not_answered_yet_is_starting_as_long_as_it_may_take(platform_of: Start) -> None:
    platform = platform_of(code="import signal; signal.pause()")
    with pytest.raises(KeyboardInterrupt):
        platform.up(interrupted)
    assert _state(platform) == status.STARTING
    object.__setattr__(platform.services[0], "start_seconds", 0.0)
    assert _state(platform) == status.SILENT


@pytest.mark.parametrize("code", [SERVER, PARENT], ids=["itself", "its child"])
def test_a_process_that_a_signal_stopped_does_not_answer(platform_of: Start, code: str) -> None:
    platform = platform_of(code=code)
    platform.up(silent)
    (platform.folders.run / "small.answered").unlink()  # as when nobody has asked since it was started again
    number = platform.services[0].port.number  # type: ignore[union-attr]
    serving = processes.listener(number)
    assert serving is not None
    serving.suspend()
    (found,) = status.look(platform.settings)
    assert found.state == status.SILENT and f"`kill -CONT {serving.pid}`" in found.note
    serving.resume()
    assert _state(platform) == status.ANSWERS


def test_what_answered_and_accepts_only_now_is_not_starting(platform_of: Start, poll: Poll) -> None:
    platform = platform_of(code=HANGS)
    platform.up(silent)
    folder = platform.services[0].folder
    (folder / "hang").touch()
    (found,) = status.look(platform.settings)
    assert found.state == status.SILENT and "make logs SERVICE=small" in found.note
    before = pid_of(platform)
    os.kill(before, signal.SIGKILL)
    poll(lambda: pid_of(platform) not in (0, before))
    assert _state(platform) == status.STARTING  # the answer of the start before does not count
    (folder / "hang").unlink()
    poll(lambda: _state(platform) == status.ANSWERS)
    (folder / "hang").touch()
    assert _state(platform) == status.SILENT


def test_status_knows_a_strangers_answer(platform_of: Start, settings: Settings, tmp_path: Path) -> None:
    port = free_port()
    platform = platform_of(port=port)
    other = platform_in(settings, tmp_path / "other", port=port)
    try:
        other.up(silent)
        (found,) = status.look(platform.settings)
        assert found.state == status.FOREIGN and not found.answers
        assert f"of the platform in {tmp_path / 'other'}" in found.note
    finally:
        other.down()


def test_a_killed_supervisor_is_told_and_the_next_start_begins_anew(platform_of: Start, poll: Poll) -> None:
    port = free_port()
    platform = platform_of(port=port)
    platform.up(silent)
    leader = next(one for one in platform.supervisor.processes() if "supervisord" in " ".join(one.cmdline()))
    orphan = pid_of(platform)
    leader.kill()
    poll(lambda: not platform.supervisor.is_leader_alive())
    (found,) = status.look(platform.settings)
    assert "killed" in found.note and "make down" in found.note and not found.answers
    again = platform_of(port=port)
    again.up(silent)
    assert again.started and pid_of(again) != orphan and _state(again) == status.ANSWERS


def test_services_are_asked_where_they_were_started(settings: Settings, tmp_path: Path) -> None:
    started = settings.model_copy(update={"state_dir": tmp_path / "var", "port_offset": 123, "model_name": "other"})
    Folders.of(started).create()
    addresses.record(started, Folders.of(started))
    now = settings.model_copy(update={"state_dir": tmp_path / "var"})
    assert addresses.as_started(now).url("api") == started.url("api") != now.url("api")
    assert addresses.as_started(now).model_name == now.model_name
