"""Checks this machine before anything is installed or started. `make doctor` runs it.

Runs with the standard library alone, under any Python 3, since it comes before the environment is made.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from connections import setting_rules
from scripts.doctor_settings import (
    Finding,
    Settings,
    clone_path,
    proxies,
    state_folder,
    user,
    wrong_settings,
)  # fmt: skip

OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_DISK_GB = 5
NEEDED_MEMORY_GB = 4
_SIGNS = {"ok": "ok  ", "note": "note", "bad": "BAD "}


def python() -> Finding:
    """Python's version: the environment is made with this one, or by uv with one that fits."""
    found = f"Python {sys.version.split()[0]}"
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return Finding("ok", found)
    allowed = f"{'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))}"
    if uv().level == "ok":
        return Finding("note", f"{found}; uv will look for one from {allowed}, and fetch it when there is none")
    return Finding("bad", f"{found}; install one from {allowed}, or uv")


def uv() -> Finding:
    """Whether uv is there; it is installed under the state folder otherwise."""
    found = shutil.which("uv")
    return Finding("ok", f"uv: {found}") if found else Finding("note", "uv: missing; `make demo` installs it with pip")


def disk(folder: Path = Path()) -> Finding:
    """Free space for the environment, the data and the models."""
    free = shutil.disk_usage(folder).free / 1e9
    level = "ok" if free >= NEEDED_DISK_GB else "bad"
    return Finding(level, f"disk: {free:.0f} GB free here; the environment and the data need {NEEDED_DISK_GB}")


def memory(told: Path = Path("/proc/meminfo")) -> Finding:
    """Available memory, where the system tells."""
    try:
        text = told.read_text(encoding="utf-8")
    except OSError:
        return Finding("note", f"memory: unknown here; the platform needs {NEEDED_MEMORY_GB} GB")
    match = re.search(r"MemAvailable:\s+(\d+)", text)
    available = int(match.group(1)) / 1e6 if match else 0.0
    level = "ok" if available >= NEEDED_MEMORY_GB else "bad"
    return Finding(level, f"memory: {available:.1f} GB available; the platform needs {NEEDED_MEMORY_GB}")


def docker() -> Finding:
    """Whether a Docker engine answers; only `make up` needs one."""
    if shutil.which("docker") is None:
        return Finding("note", "Docker: not installed; `make demo` does without it, `make up` does not")
    command = ("docker", "version", "--format", "{{.Server.Version}}")
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return Finding("note", "Docker: the engine does not answer; `make demo` does without it")
    if answer.returncode != 0:
        return Finding("note", "Docker: installed, but no engine answers; `make demo` does without it")
    return Finding("ok", f"Docker: engine {answer.stdout.strip()}")


def env_file(path: Path = Path(".env")) -> Finding:
    """Whether the settings file is there, closed to others and without placeholders."""
    if not path.is_file():
        return Finding("note", ".env: missing; `make env` (or `make demo`) writes it")
    if path.stat().st_mode & 0o077:
        return Finding("note", ".env: other users may read it; chmod 600 .env")
    return Finding("ok", ".env: there")


def ports(settings: Settings) -> list[Finding]:
    """Whether each port of the embedded platform is free or its own, with the setting that moves it."""
    offset = int(settings.value("PORT_OFFSET") or 0)
    given = ((name, settings.value(name)) for name in setting_rules.EMBEDDED_PORTS)
    wanted = [(name, int(value) + offset) for name, value in given if value]
    platform = _session(Path(settings.value("STATE_DIR")))
    problems = [problem for name, number in wanted for problem in _taken(name, number, platform)]
    return problems or [Finding("ok", f"ports: {', '.join(str(number) for _, number in wanted)} are free or ours")]


def _taken(name: str, number: int, platform: int | None) -> list[Finding]:
    if _is_free(number):
        return []
    program, pid = _owner(number)
    if platform is not None and pid is not None and os.getsid(pid) == platform:
        return []
    return [Finding("bad", f"port {number} is taken by {program}; set {name} or PORT_OFFSET in .env")]


def _session(state: Path) -> int | None:
    """The session of this platform's processes, when it is up."""
    try:
        return int(json.loads((state / "run" / "supervisord.json").read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError, KeyError):
        return None


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def _owner(number: int) -> tuple[str, int | None]:
    """Who listens on a port: in words, and the pid where this user may know it."""
    if shutil.which("ss") is None:
        return "another program", None
    command = ("ss", "-Hltnp", f"sport = :{number}")
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    match = re.search(r'"([^"]+)",pid=(\d+)', listing)
    if match is None:
        return "another user's program", None
    return f"{match.group(1)} (pid {match.group(2)})", int(match.group(2))


def start(settings: Settings, docker: bool) -> Iterator[Finding]:
    """What stops a start whatever else the machine has: settings, and where the clone and its state are."""
    yield from wrong_settings(settings, docker)
    if not docker:
        yield from clone_path(Path())
        yield from state_folder(Path(settings.value("STATE_DIR")).expanduser())


def whole(settings: Settings) -> Iterator[Finding]:
    """Everything that is checked."""
    yield from (python(), uv(), disk(), memory(), env_file(), docker())
    yield from (*user(), *proxies(os.environ))
    wrong = [*start(settings, docker=False)]
    yield from wrong
    if not any(finding.level == "bad" for finding in wrong):
        yield from ports(settings)


def main(before: str | None = None) -> int:
    """Prints what is found; 1 when something stops a demo. `before` a start, `demo` or `up`, only what stops that."""
    try:
        settings = Settings.read(Path(), os.environ)
    except (OSError, UnicodeDecodeError) as error:
        sys.stdout.write(f"{_SIGNS['bad']}  .env: cannot be read: {error}\n")
        return 1
    findings = [*(start(settings, docker=before == "up") if before else whole(settings))]
    for finding in findings:
        if not before or finding.level == "bad":
            sys.stdout.write(f"{_SIGNS[finding.level]}  {finding.text}\n")
    return int(any(finding.level == "bad" for finding in findings))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
