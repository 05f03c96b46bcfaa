"""What a person is told when a command fails: the reason, in a few lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from connections.failures import named, trace
from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.local.service import Folders

errors = Console(stderr=True)

_SHOWN_WIDTH = 300


@contextmanager
def reporting(settings: Settings) -> Iterator[None]:
    """Turns what went wrong into a short message; a traceback, which is for who mends it, goes into a file."""
    try:
        yield
    except ReadmissionError as error:
        fail(str(error))
    except (typer.Exit, SystemExit):
        raise
    except Exception as error:
        fail(f"{_in_short(error)}. {_kept(error, Folders.of(settings).logs / 'failure.log')}")


def _in_short(error: Exception) -> str:
    return named(error).partition("\n")[0][:_SHOWN_WIDTH]


def _kept(error: Exception, log: Path) -> str:
    try:
        log.write_text(trace(error), encoding="utf-8")
    except OSError:
        return "(Its traceback could not be written.)"
    return f"The traceback is in {log}"


def fail(message: str) -> NoReturn:
    """Ends the command with a message and exit code 1."""
    errors.print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1)
