"""The commands about the API keys of the prediction service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table

from connections import api_keys
from connections.own_platform import running_settings
from readmission.cli.terminal import clear_errors, complain, console, errors

Name = Annotated[str, typer.Argument(help="whose key it is: a letter or digit, then also . _ -")]


def create(
    name: Name,
    role: Annotated[str, typer.Option(help="predict, read (logged predictions too) or admin")] = "predict",
) -> None:
    """Make a key and print it, once: only its hash is kept."""
    key = api_keys.new_key()
    with _changing() as keys:
        keys[:] = api_keys.with_added(keys, api_keys.made(name, role, key))
    errors.print(f"{name} ({role}): the key is shown this once; the service knows it within seconds", highlight=False)
    typer.echo(key)


def revoke(name: Name) -> None:
    """Take a key away: within seconds the service refuses it."""
    with _changing() as keys:
        keys[:] = api_keys.without(keys, name)
    console.print(f"{name} is revoked", highlight=False, markup=False)


def show() -> None:
    """List the keys: names, roles and since when."""
    table = Table("Name", "Role", "Created (UTC)")
    with _changing() as keys:
        for key in keys:
            table.add_row(key.name, key.role, key.created)
    console.print(table if keys else "there are no keys")


@contextmanager
def _changing() -> Iterator[list[api_keys.Key]]:
    with clear_errors():
        try:
            with api_keys.changing(running_settings().keys_file) as keys:
                yield keys
        except api_keys.KeysError as error:
            complain(str(error))
            raise typer.Exit(1) from None
