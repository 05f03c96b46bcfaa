"""The command that compares a shadow with the version that answered."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from connections.own_platform import running_settings
from readmission.cli.moments import moment
from readmission.cli.terminal import clear_errors, console

if TYPE_CHECKING:
    from readmission.shadow.comparison import Comparison


def shadow(
    since: Annotated[str | None, typer.Option(help="only predictions of that time on: an ISO time, in UTC")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Compare the shadow with the version that answered, over the logged predictions that both scored."""
    from readmission.shadow.comparison import report

    begin = moment(since, "--since")
    with clear_errors():
        found = report(running_settings(), begin)
    if as_json:
        console.print_json(found.model_dump_json())
        return
    for one in found.comparisons:
        console.print(_table(one))
    console.print(found.limits)


def _table(one: "Comparison") -> Table:
    period = f"{one.first:%Y-%m-%d %H:%M} to {one.last:%Y-%m-%d %H:%M} UTC"
    table = Table(title=escape(f"{one.model_name}: {one.predictions:,} predictions, {period}"), title_justify="left")
    for heading in ("", f"answer of {one.version}", f"shadow {one.shadow_version}"):
        table.add_column(heading)
    table.add_row("mean probability", f"{one.mean:.4f}", f"{one.shadow_mean:.4f}")
    table.add_row("mean difference (95 % interval)", "", f"{one.difference:+.4f} ({one.low:+.4f} to {one.high:+.4f})")
    table.add_row("alert rate", f"{one.alert_rate:.2%}", f"{one.shadow_alert_rate:.2%}")
    table.add_row("alerts of it alone", f"{one.only_answer_alerts:,}", f"{one.only_shadow_alerts:,}")
    table.add_row("alerts of both", f"{one.both_alert:,}", f"{one.both_alert:,}")
    table.add_row("predictions whose alert differs", "", f"{one.alert_differs:.2%}")
    rank = "none, one is constant" if one.rank_correlation is None else f"{one.rank_correlation:.4f}"
    table.add_row("rank correlation (Spearman)", "", rank)
    table.add_row("predictions that it could not score", "", f"{one.not_scored:,}")
    return table
