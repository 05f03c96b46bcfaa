"""What the commands print, and how an error that a person can act on ends one of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from connections.failures import words
from connections.mysql_connections import LockTakenError, place_of
from connections.own_platform import running_settings
from connections.sqlite_files import DatabaseFileError
from readmission.errors import ReadmissionError
from readmission.features import FieldError
from readmission.progress import Progress

# Terminals wrap lines themselves; a path or a command that was broken into lines cannot be copied.
console = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)


def complain(what: str) -> None:
    """Says in a line what is wrong."""
    errors.print(f"[red]error:[/red] {escape(what)}", highlight=False)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turns an error that a person can act on into its message and exit code 1."""
    try:
        with _naming_missing_tables():
            yield
    except _explained() as error:
        complain(_message(error))
        raise typer.Exit(1) from error


@contextmanager
def _naming_missing_tables() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        from readmission.training.explained import explained

        told = explained(error)
        if told is None:
            raise
        raise told from error


def _explained() -> tuple[type[Exception], ...]:
    """The errors whose message says enough; MLflow and ONNX Runtime are imported by the commands that need them."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import DBAPIError

    from connections.mlflow_accounts import AccountError
    from connections.model_registry import NoServerError
    from readmission.inference import ModelFileError

    ours = ReadmissionError, LockTakenError, DatabaseFileError, FieldError, ModelFileError, NoServerError, AccountError
    return *ours, MlflowException, DBAPIError, OSError


def _message(error: Exception) -> str:
    from sqlalchemy.exc import DBAPIError

    if not isinstance(error, DBAPIError):
        return words(error)
    return f"the database at {place_of(running_settings())} refuses or does not answer: {words(error)}"


@contextmanager
def bar(what: str) -> Iterator[Progress]:
    """A progress bar for what is done meanwhile, whose errors are clear ones; gives the function that moves it."""
    columns = (SpinnerColumn(), TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with clear_errors(), Bar(*columns, console=errors) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
