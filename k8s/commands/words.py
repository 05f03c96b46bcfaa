"""How a command ends that the cluster refuses: with a sentence, and no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from connections.api_keys import KeysError
from k8s.commands.kubectl import ClusterError
from readmission.errors import ReadmissionError


@contextmanager
def in_words() -> Iterator[None]:
    """Tells an error that a person can act on, and ends the command."""
    try:
        yield
    except (ClusterError, KeysError, ReadmissionError) as error:
        Console(stderr=True, markup=False, highlight=False, soft_wrap=True).print(str(error), style="red")
        raise typer.Exit(1) from error
