"""The service as a process of its own, with what its image has."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

import httpx

from connections.settings import Settings
from readmission.local import serving
from readmission.local.service import Folders, Service
from readmission.storage.databases import initialise
from tests.free_ports import free_offset

AS_IN_THE_IMAGE = Path(__file__).with_name("as_in_the_image.py")


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Waits until a condition holds."""
    until, pause = time.monotonic() + seconds, Event()
    while not condition():
        assert time.monotonic() < until, f"not so within {seconds} s"
        pause.wait(0.1)


@contextmanager
def running(service: Service, settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a service until the block ends."""
    folders = Folders.of(settings)
    folders.create((service,))
    with service.log.open("ab") as log:
        process = subprocess.Popen(
            service.command, env=dict(service.environment), cwd=service.folder, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: process.poll() is not None or service.healthy(), service.start_seconds)
        assert process.poll() is None, service.log.read_text()[-3_000:]
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def running_api(settings: Settings, scratch: Path | None = None) -> Iterator[httpx.Client]:
    """Runs the service with what its image has, and gives a client of it; `scratch` is its temporary folder."""
    service = serving.api(settings)
    command = (sys.executable, str(AS_IN_THE_IMAGE), *service.command[3:])
    temporary = {} if scratch is None else {"TMPDIR": str(scratch)}
    service = replace(service, command=command, environment={**service.environment, **temporary})
    with running(service, settings), httpx.Client(base_url=settings.url("api"), timeout=60) as http:
        yield http


def api_log(settings: Settings) -> str:
    """What the service has logged."""
    return serving.api(settings).log.read_text()


def own_settings(stores: Settings, folder: Path, name: str) -> Settings:
    """The shared stores, with databases, an API port and a registered model of the test's own."""
    settings = stores.model_copy(
        update={"state_dir": folder / "var", "model_name": f"modelo_{name}", "model_poll_seconds": 0.3}
    )
    # The stores keep their addresses: those are explicit.
    settings = settings.model_copy(update={"port_offset": free_offset(settings)})
    initialise(settings)
    return settings
