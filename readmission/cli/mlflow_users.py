"""The commands that give people an account of MLflow."""

from typing import Annotated

import typer

from readmission.cli.services import asking_mlflow
from readmission.cli.terminal import clear_errors, console

Name = Annotated[str, typer.Argument(help="the account's name")]

app = typer.Typer(help="People's accounts of MLflow, which its admin makes.", no_args_is_help=True)


@app.command()
def create(
    name: Name,
    may_write: Annotated[bool, typer.Option("--may-write", help="it may log runs and models too")] = False,
) -> None:
    """Make an account, which may read; its password is shown once."""
    _tell("create", name, may_write)


@app.command()
def password(name: Name) -> None:
    """Give an account a new password, shown once."""
    _tell("password", name)


@app.command()
def remove(name: Name) -> None:
    """End an account."""
    _tell("remove", name)


@app.command("list")
def list_() -> None:
    """List people's accounts, and what each may do."""
    _tell("list")


def _tell(what: str, name: str = "", may_write: bool = False) -> None:
    from connections.mlflow_accounts import AccountError, Admin, said

    with clear_errors():
        settings = asking_mlflow()
        if not settings.mlflow_is_here:
            raise AccountError(f"{settings.tracking_uri} is elsewhere: its accounts are made where it runs")
        admin = Admin(settings.tracking_uri, settings.mlflow_admin_password.get_secret_value())
        for line in said(admin, what, name, may_write):
            console.print(line, markup=False, highlight=False)
