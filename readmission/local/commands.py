"""The commands of the embedded platform: demo, up, down, status, logs."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from connections.own_platform import doubts, stay_at_home
from connections.settings import Settings, SettingsError, get_settings, prepare_process
from readmission.clock import epoch, now
from readmission.errors import ReadmissionError
from readmission.local.platform import Platform

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The whole platform on one machine.")

_console = Console()
_errors = Console(stderr=True)

_LOOK_SECONDS = 1.0
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Detach = Annotated[bool, typer.Option("--detach", help="leave the services up and return")]


@app.command()
def demo(
    detach: Detach = False,
    summary: Annotated[Path, typer.Option(help="where the summary is written")] = Path("demo-summary.json"),
    since: Annotated[float | None, typer.Option(help="when `make demo` began, in seconds since the epoch")] = None,
) -> None:
    """Start everything, run the pipeline, make one prediction; then stay until Ctrl-C."""
    settings = _settings()  # first: what it does for the process comes before MLflow is imported
    from readmission.local.demo import Demo

    seconds = {} if since is None else {"environment": round(max(0.0, epoch(now()) - since), 1)}
    with _stopping(settings, detach):
        Demo(settings, _console, seconds).run(summary)


@app.command()
def up(detach: Detach = False) -> None:
    """Start the services and wait until each is healthy; then stay until Ctrl-C."""
    settings = _settings()
    from readmission.dag_runs.progress_table import ProgressTable

    with _stopping(settings, detach), ProgressTable(_console, "Services", "Service") as table:
        Platform(settings).up(table.service, partial(_console.print, style="yellow", highlight=False, markup=False))


@app.command()
def down() -> None:
    """Stop every service; data, models and history stay."""
    platform = Platform(_settings())
    count = len(platform.supervisor.processes())
    platform.down()
    _console.print(f"stopped {count} processes" if count else "nothing was running")


@app.command()
def status() -> None:
    """Show each service: state, process, address, and whether it does its job. Exit 1 unless all do."""
    platform = Platform(_settings())
    states = platform.supervisor.states()
    table = Table("Service", "State", "PID", "Address", "Healthy")
    healthy = {service.name: service.name in states and service.healthy() for service in platform.services}
    for service in platform.services:
        process = states.get(service.name)
        state, pid = (process.state, str(process.pid or "")) if process else ("STOPPED", "")
        table.add_row(service.name, state, pid, service.address or "", "yes" if healthy[service.name] else "no")
    _console.print(table)
    raise typer.Exit(0 if all(healthy.values()) else 1)


@app.command()
def logs(
    service: Annotated[str | None, typer.Argument(help="one service; all of them unless given")] = None,
) -> None:
    """Show the end of the services' logs, and what is added to them, until Ctrl-C."""
    found = {known.name: known.log for known in Platform(_settings()).services}
    if service is not None and service not in found:
        _fail(f"no service {service!r}; there are {', '.join(found)}")
    chosen = [str(log) for name, log in found.items() if service in (None, name) and log.is_file()]
    if not chosen:
        _fail("no logs yet: nothing has been started")
    os.execvp("tail", ("tail", "-n", "20", "-F", *chosen))


@contextmanager
def _stopping(settings: Settings, detach: bool) -> Iterator[None]:
    """Stays after the block until a signal, unless detached; stops every process at the end or when it fails."""
    platform = Platform(settings)
    with _reporting():
        platform.folders.create()  # before anything is fetched
    for number in _STOPPING:
        signal.signal(number, signal.default_int_handler)
    was_running = platform.supervisor.is_running()
    try:
        with _reporting():
            yield
    except BaseException as error:
        if not (detach and was_running):
            _stop(platform)
        if isinstance(error, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise
    if detach:
        _console.print("The services stay up; `make status`, `make logs`, `make down`.")
        return
    _stay(platform)


def _stay(platform: Platform) -> None:
    _console.print("Everything is up. Ctrl-C stops it.")
    try:
        while platform.supervisor.is_leader_alive():
            sleep(_LOOK_SECONDS)
        _console.print("The services were stopped by another command.")
    except KeyboardInterrupt:
        _stop(platform)


def _stop(platform: Platform) -> None:
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
    if platform.supervisor.processes():
        _console.print("Stopping every service ...")
    platform.down()


@contextmanager
def _reporting() -> Iterator[None]:
    try:
        yield
    except ReadmissionError as error:
        _fail(str(error))


def _settings() -> Settings:
    prepare_process()
    try:
        doubtful = stay_at_home()
        settings = get_settings()
        doubtful += doubts(settings)
    except SettingsError as error:
        _fail(str(error))
    for line in doubtful:
        _errors.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)
    return settings


def _fail(message: str) -> NoReturn:
    _errors.print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1)
