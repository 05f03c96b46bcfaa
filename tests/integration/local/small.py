"""A small service, real processes and all, for the tests of what starts, watches and ends services."""

import sys
from pathlib import Path

import httpx
import psutil

from connections.settings import Settings, machine_environment
from readmission.local.platform import Platform
from readmission.local.service import Folders, Port, Service
from tests.free_ports import free_port

# Serves nothing until it is ended; by itself at the latest when no test can still be watching it.
WAITS = "import signal; signal.alarm(300); signal.pause()"
# Prints a line, starts a child in a process group of its own as Airflow does, and serves its folder.
SERVER = f"""
import os, subprocess, sys, http.server
print("the port is", sys.argv[1], flush=True)
subprocess.Popen([sys.executable, "-c", {WAITS!r}], process_group=0)
http.server.test(http.server.SimpleHTTPRequestHandler, bind="127.0.0.1", port=int(sys.argv[1]))
"""
# As MLflow does: the child serves, and outlives a parent that is killed.
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {SERVER!r}, sys.argv[1]])
"""
# Answers until there is a file `hang`; then it accepts, and never answers.
HANGS = """
import http.server, pathlib, sys, threading
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if pathlib.Path("hang").exists():
            threading.Event().wait()
        super().do_GET()
http.server.test(Handler, bind="127.0.0.1", port=int(sys.argv[1]))
"""


def silent(_name: str, _doing: str) -> None:
    """Watches without a word."""


def answers(port: int) -> bool:
    """Whether the service serves its folder."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def small(folders: Folders, code: str = SERVER, port: int | None = None, colour: str = "red") -> Service:
    """The declaration of a service that runs `code` with its port as argument."""
    number = port or free_port()
    return Service(
        name="small",
        command=(sys.executable, "-c", code, str(number)),
        environment=machine_environment() | {"COLOUR": colour},
        folder=folders.of_service("small"),
        log=folders.logs / "small.log",
        healthy=lambda: answers(number),
        port=Port(number, "SMALL_PORT"),
        start_seconds=60,
    )


def platform_in(settings: Settings, state_dir: Path, code: str = SERVER, port: int | None = None) -> Platform:
    """A platform of one small service."""
    own = settings.model_copy(update={"state_dir": state_dir})
    return Platform(own, (small(Folders.of(own), code, port),))


def pid_of(platform: Platform) -> int:
    """The process that the supervisor runs for the service."""
    return platform.supervisor.states()["small"].pid


def is_alive(process: psutil.Process) -> bool:
    """Whether a process still does something."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
