"""The commands of the embedded platform: demo, up, down, status, logs."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep
from typing import Annotated

import typer
from rich.console import Console

from connections import kept_backups
from connections.own_platform import doubts, stay_at_home
from connections.settings import Settings, SettingsError, get_settings, prepare_process
from readmission.clock import epoch, now
from readmission.local import addresses
from readmission.local.platform import Platform
from readmission.local.report import errors, fail, reporting

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The whole platform on one machine.",
)

# Without markup: [fd00::7] in an address is none.
console = Console(markup=False)

_LOOK_SECONDS = 1.0
_STAY_UP = "The services stay up; `make status`, `make logs`, `make down`."
_RAN_BEFORE = "The services ran before this command and stay up; `make down` stops them."
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

PassphraseFile = Annotated[Path | None, typer.Option(help="a file whose first line seals the backup, or opens it")]
Ask = Annotated[bool, typer.Option("--ask", help="type the passphrase")]
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

    platform = Platform(settings)
    seconds = {} if since is None else {"environment": round(max(0.0, epoch(now()) - since), 1)}
    with _stopping(platform, detach):
        Demo(platform, console, seconds).run(summary)


@app.command()
def up(detach: Detach = False) -> None:
    """Start the services and wait until each is healthy; then stay until Ctrl-C."""
    settings = _settings()
    from readmission.dag_runs.progress_table import ProgressTable
    from readmission.registry.at_start import adopt_production

    platform, tell = Platform(settings), partial(console.print, style="yellow", highlight=False, markup=False)
    with _stopping(platform, detach), ProgressTable(console, "Services", "Service") as table:
        platform.up(table.service, tell)
        adopt_production(settings, tell)


@app.command()
def down(
    if_moved: Annotated[
        bool, typer.Option("--if-moved", help="only services that run from a folder of before")
    ] = False,
) -> None:
    """Stop every service; data, models and history stay."""
    settings = _settings()
    platform = Platform(addresses.as_started(settings))
    if if_moved and not platform.supervisor.moved_from():
        return
    with reporting(settings):
        count = platform.down()
    console.print(f"stopped {count} processes" if count else "nothing was running")


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="where the file is written")],
    passphrase_file: PassphraseFile = None,
    ask: Ask = False,
    keep: Annotated[int | None, typer.Option(min=1, help="how many backups stay in the folder")] = None,
) -> None:
    """Save what the platform keeps into one file, while it runs or not."""
    settings = _settings()
    from readmission.local import backup as backups

    with reporting(settings):
        console.print(backups.save(settings, folder, backups.passphrase(passphrase_file, ask, twice=True), keep))


@app.command("scheduled-backups")
def scheduled_backups() -> None:
    """Save all of it whenever that is due, until the process is ended."""
    settings = _settings()
    from readmission.local import scheduled

    scheduled.for_ever(settings)


@app.command()
def prune(
    keep: Annotated[int | None, typer.Option(min=1, help="trainings that stay")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="after which what is deleted is gone for good")] = None,
    dry: Annotated[bool, typer.Option("--dry", help="only say it")] = False,
) -> None:
    """Delete what grows and no longer serves, while the platform runs or not."""
    settings = _settings()
    from readmission.local import prune as pruning

    with reporting(settings):
        for line in pruning.prune(
            settings, keep or settings.prune_keep_trainings, days or settings.prune_after_days, dry
        ):
            console.print(line, highlight=False, soft_wrap=True)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="what `backup` wrote")],
    passphrase_file: PassphraseFile = None,
    ask: Ask = False,
    force: Annotated[bool, typer.Option("--force", help="replace the data that is there")] = False,
    record: Annotated[Path | None, typer.Option(help="what `readmission forget --save` wrote")] = None,
    secrets: Annotated[str, typer.Option(help="whose count where they differ: backup or here")] = "",
) -> None:
    """Bring a backup back into the state folder; the services may not run."""
    settings = _settings()
    from readmission.keeping.forgotten_file import read
    from readmission.local import backup as backups

    with reporting(settings):
        asked = backups.Asked(force, secrets, tuple(read(record)) if record else ())
        backups.restore(settings, file, backups.passphrase(passphrase_file, ask), asked)
    console.print(f"{file} is back. Next: make services")


@app.command()
def status(
    if_running: Annotated[bool, typer.Option("--if-running", help="say nothing where nothing was started")] = False,
) -> None:
    """Ask each service at its address, and show what answers. Exit 1 unless all do."""
    from readmission.local.status import look, shown

    settings = _settings()
    if if_running and not Platform(settings).supervisor.processes():
        return
    with reporting(settings):
        found = look(settings)
    console.print(shown(found))
    wrong = kept_backups.problem(settings.backups, "embedded", settings.backup_every_hours)
    if wrong:
        console.print(wrong, style="red", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if all(one.answers for one in found) and not wrong else 1)


@app.command()
def logs(
    service: Annotated[str | None, typer.Argument(help="one service; all of them unless given")] = None,
) -> None:
    """Show the end of the services' logs, and what is added to them, until Ctrl-C."""
    found = {known.name: known.log for known in Platform(_settings()).services}
    if service is not None and service not in found:
        fail(f"no service {service!r}; there are {', '.join(found)}")
    chosen = [str(log) for name, log in found.items() if service in (None, name) and log.is_file()]
    if not chosen:
        fail("no logs yet: nothing has been started")
    os.execvp("tail", ("tail", "-n", "20", "-F", *chosen))


@contextmanager
def _stopping(platform: Platform, detach: bool) -> Iterator[None]:
    """Stays after the block until a signal, unless detached; stops at the end or a failure what the block started.

    Services that ran before stay up, whatever comes of the block.
    """
    with reporting(platform.settings):
        platform.folders.create()  # before anything is fetched
    for number in _STOPPING:
        signal.signal(number, signal.default_int_handler)
    try:
        with reporting(platform.settings):
            yield
    except BaseException as error:
        _leave(platform)
        if isinstance(error, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise
    if detach:
        console.print(_STAY_UP)
    elif platform.started:
        _stay(platform)
    else:
        console.print(_RAN_BEFORE)


def _leave(platform: Platform) -> None:
    if platform.started:
        _stop(platform)
    elif platform.supervisor.is_running():
        console.print(_RAN_BEFORE)


def _stay(platform: Platform) -> None:
    console.print("Everything is up. Ctrl-C stops it.")
    try:
        while platform.supervisor.is_leader_alive():
            sleep(_LOOK_SECONDS)
        if not platform.supervisor.processes():
            console.print("The services were stopped by another command.")
            return
        errors.print("The supervisor was killed, so nothing looks after the services any more.", style="red")
        _stop(platform)
        raise typer.Exit(1)
    except KeyboardInterrupt:
        _stop(platform)


def _stop(platform: Platform) -> None:
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
    if platform.supervisor.processes():
        console.print("Stopping every service ...")
    platform.down()


def _settings() -> Settings:
    prepare_process()
    try:
        doubtful = stay_at_home()
        settings = get_settings()
        doubtful += doubts(settings)
    except SettingsError as error:
        fail(str(error))
    for line in doubtful:
        errors.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)
    return settings
