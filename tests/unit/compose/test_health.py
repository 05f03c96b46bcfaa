"""What hangs is ended by its own health check, so that Docker starts it again; nothing else is."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.free_ports import free_port

HEALTH = ["sh", "/platform/health.sh"]
MOUNTED = "./compose/health.sh:/platform/health.sh:ro"
# What it takes for a time in which nobody looked.
GAP_SECONDS = 120
# The command's code: 0 works, 1 is silent, 2 answers and lacks something.
OK, MUTE, LACKING = "true", "false", "exit 2"


def _seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def _image_check(service: dict[str, Any]) -> tuple[list[str], str, str]:
    text = (ROOT / service["build"]["dockerfile"]).read_text(encoding="utf-8")
    assert re.search(r"^COPY compose/health\.sh.* /platform/$", text, re.M)
    found = re.search(r"^HEALTHCHECK --interval=(\w+) --timeout=(\w+) .*\\\n\s+CMD \[(.*)\]$", text, re.M)
    assert found
    return [word.strip('" ') for word in found[3].split(",")], found[1], found[2]


def test_every_service_that_stays_is_watched_so(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        if service["restart"] == "no":
            continue
        if check := service.get("healthcheck"):
            command, every, most = check["test"][1:], check["interval"], check["timeout"]
            assert MOUNTED in service.get("volumes", ()) or "build" in service, name
        else:
            command, every, most = _image_check(service)
        assert command[:2] == HEALTH, name
        assert service["init"] is True, f"{name}: its first process could not be killed"
        needs = len(service.get("environment", {}).get("HEALTH_NEEDS", "").split())
        assert _seconds(most) > 13 + 2 * needs, (
            f"{name}: Docker would end the check before that writes down what it saw"
        )
        assert _seconds(every) + _seconds(most) < GAP_SECONDS, name


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[Any]:
    """Runs the health check once: what it saw before, and what it saw and did now. Nothing is really killed."""
    now = int(float(Path("/proc/uptime").read_text(encoding="ascii").split()[0]))

    def check(command: str, *before: int) -> tuple[int, list[int] | None, str]:
        seen, log = tmp_path / "health", tmp_path / "log"
        if before:
            seen.write_text(" ".join(str(now - ago) for ago in before), encoding="ascii")
        environment = os.environ | {"HEALTH_FILE": str(seen), "HEALTH_LOG": str(log), "KILL": "echo"}
        run = ("sh", str(ROOT / "compose/health.sh"), "sh", "-c", command)
        done = subprocess.run(run, env=environment, capture_output=True, text=True)
        assert done.stderr == ""
        noted = [now - int(at) for at in seen.read_text(encoding="ascii").split()] if seen.exists() else None
        return done.returncode, noted and [round(ago, -1) for ago in noted], done.stdout.strip()

    yield check


@pytest.mark.parametrize(
    ("command", "before", "seen", "does"),
    [
        (OK, (), [0, 0], ""),
        (OK, (900, 15), [0, 0], ""),
        (MUTE, (), None, ""),  # starts still, however long that takes
        (MUTE, (100, 20), [100, 0], ""),
        (MUTE, (290, 20), [290, 0], ""),
        (MUTE, (305, 20), [300, 0], "-TERM -1"),
        (MUTE, (355, 20), [360, 0], "-TERM -1"),
        (MUTE, (365, 20), [360, 0], "-KILL -1"),
        ("exit 124", (365, 20), [360, 0], "-KILL -1"),  # the check itself did not end in time
        ("exit 137", (365, 20), [360, 0], "-KILL -1"),
        (MUTE, (7200, 7100), [0, 0], ""),  # the container was paused, or the machine slept
        (LACKING, (900, 15), [0, 0], ""),
        (LACKING, (), [0, 0], ""),
    ],
)  # fmt: skip
def test_only_what_has_been_silent_for_minutes_is_ended(
    checked: Any, command: str, before: tuple[int, ...], seen: list[int] | None, does: str
) -> None:
    assert checked(command, *before) == (0 if command == OK else 1, seen, does)


@pytest.mark.parametrize(("command", "told"), [(OK, 0), (MUTE, 1)])
def test_a_full_disk_neither_ends_nor_condemns_anybody(tmp_path: Path, command: str, told: int) -> None:
    environment = os.environ | {"HEALTH_FILE": str(tmp_path / "nowhere/health"), "KILL": "echo"}
    run = ("sh", str(ROOT / "compose/health.sh"), command)
    assert [subprocess.run(run, env=environment, capture_output=True).returncode for _ in range(2)] == [told] * 2


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`df` tells of 1 % of 4 GB."""
    program = tmp_path / "programs/df"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho Filesystem\necho tmpfs 4000000 3960000 40000 99% /data\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_and_others_that_are_away_are_told_and_end_nobody(
    checked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEALTH_NEEDS", f"localhost:{free_port()} /data")
    told = "localhost cannot be reached; /data: the disk is full"
    assert checked(OK, 900, 15) == (1, [0, 0], told)
    assert (tmp_path / "log").read_text(encoding="utf-8") == f"health check: {told}\n"
    checked(MUTE, 100, 20)  # what is silent is not asked what it lacks
    assert (tmp_path / "log").read_text(encoding="utf-8") == f"health check: {told}\n"


def test_what_it_needs_and_has_is_not_told(checked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("HEALTH_NEEDS", f"127.0.0.1:{server.getsockname()[1]} {tmp_path}")
        assert checked(OK) == (0, [0, 0], "")
    assert not (tmp_path / "log").exists()


def test_it_is_told_in_the_services_log(checked: Any, tmp_path: Path) -> None:
    checked(MUTE, 400, 15)
    assert re.fullmatch(
        r"health check: no answer for 40\d seconds; SIGKILL to every process, .* Docker starts the service again\n",
        (tmp_path / "log").read_text(encoding="utf-8"),
    )
