"""The API keys of the prediction service on the cluster, where they are a Secret."""

from typing import Annotated

import typer

from connections import api_keys
from connections.api_keys import Key
from k8s.commands import secrets
from k8s.commands.kubectl import objects
from k8s.commands.words import in_words

app = typer.Typer(no_args_is_help=True, help="The API keys of the prediction service.")


def _there() -> tuple[Key, ...]:
    return secrets.keys_of({one["metadata"]["name"]: one for one in objects("secrets")})


@app.command()
def create(name: str, role: Annotated[str, typer.Option(help="predict, read or admin")] = "predict") -> None:
    """Make a key and print it, once: only its hash is kept. Pods know it within a minute or two."""
    key = api_keys.new_key()
    with in_words():
        secrets.write_keys(api_keys.with_added(_there(), api_keys.made(name, role, key)))
    typer.echo(key)


@app.command()
def revoke(name: str) -> None:
    """Take a key away; pods refuse it within a minute or two."""
    with in_words():
        secrets.write_keys(api_keys.without(_there(), name))
    typer.echo(f"{name} is revoked")


@app.command("list")
def show() -> None:
    """List the keys: names, roles and since when."""
    with in_words():
        for key in _there():
            typer.echo(f"{key.name:<24} {key.role:<8} {key.created}")
