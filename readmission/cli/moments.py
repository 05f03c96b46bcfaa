"""A moment that a person types."""

from datetime import datetime

import typer

from readmission.clock import unzoned


def moment(typed: str | None, option: str) -> datetime | None:
    """An ISO time as UTC without a zone, or None where none was given.

    Raises:
        typer.BadParameter: it is none.
    """
    if typed is None:
        return None
    try:
        return unzoned(datetime.fromisoformat(typed))
    except ValueError:
        raise typer.BadParameter(f"{typed!r} is no ISO time such as 2026-11-24T08:31:10", param_hint=option) from None
