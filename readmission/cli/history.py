"""The command that tells which version was live when, and why."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from connections.own_platform import running_settings
from connections.settings import Settings
from readmission.cli.moments import moment
from readmission.cli.services import asking_mlflow
from readmission.cli.terminal import clear_errors, console

if TYPE_CHECKING:
    from readmission.registry.ledger import Entry

_COLUMNS = ("when (UTC)", "what", "from", "to", "by", "why")


def history(
    at: Annotated[str | None, typer.Option(help="the version that was live then: an ISO time, in UTC")] = None,
    model: Annotated[str | None, typer.Option(help="the registered model")] = None,
) -> None:
    """Tell what became of each version, or which was live at a moment, and why."""
    from readmission.registry.ledger import last_live

    then = moment(at, "--at")
    with clear_errors():
        settings = running_settings()
        model = model or settings.model_name
        found = _entries(settings, model)
    if then is None:
        console.print(_table(found) if found else f"nothing was promoted of {model} yet")
        return
    live = last_live(found, then)
    if live is None:
        console.print(f"no version of {model} was live at {then} UTC", highlight=False)
        raise typer.Exit(2)
    console.print(_told(live), highlight=False, markup=False)


def _entries(settings: Settings, model: str) -> "list[Entry]":
    """The ledger's entries; MLflow is asked only where there are none, since it may know promotions of before it."""
    from readmission.registry.ledger import entries
    from readmission.registry.settling import settled

    if found := entries(settings, model):
        return found
    with settled(asking_mlflow(), model) as former:
        return former


def _told(entry: "Entry") -> str:
    how = entry.action.replace("_", " ")
    since = f"{entry.happened_at:%Y-%m-%d %H:%M:%S.%f} UTC"
    return f"version {entry.to_version} of {entry.model}, live since {since}, {how} by {entry.by_whom}: {entry.reason}"


def _table(found: "list[Entry]") -> Table:
    table = Table(*_COLUMNS)
    for one in found:
        when, what = f"{one.happened_at:%Y-%m-%d %H:%M:%S}", one.action.replace("_", " ")
        table.add_row(when, what, one.from_version or "", one.to_version or "", escape(one.by_whom), escape(one.reason))
    return table
