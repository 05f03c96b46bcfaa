"""The commands that delete predictions for good: what somebody asks to be forgotten, and what has become too old."""

from pathlib import Path
from typing import Annotated

import typer

from connections.own_platform import running_settings
from readmission.cli.terminal import clear_errors, complain, console


def forget(
    encounter_ref: Annotated[str | None, typer.Option(help="the reference that the caller gave the encounter")] = None,
    prediction: Annotated[str | None, typer.Option(help="the id of one prediction")] = None,
    save: Annotated[Path | None, typer.Option(help="write the record of all that was deleted into a file")] = None,
    replay: Annotated[Path | None, typer.Option(help="delete once more what such a file says, after a restore")] = None,
) -> None:
    """Delete logged predictions for good, and record that without what was deleted."""
    if sum(value is not None for value in (encounter_ref, prediction, save, replay)) != 1:
        complain("name one of --encounter-ref, --prediction, --save and --replay")
        raise typer.Exit(1)
    from readmission.keeping import forgetting, forgotten_file

    settings = running_settings()
    with clear_errors():
        if save is not None:
            said = f"{save}: {forgotten_file.save(settings, save):,} deletions"
        elif replay is not None:
            said = f"{forgetting.replay(settings, forgotten_file.read(replay)):,} predictions deleted once more"
        elif encounter_ref is not None:
            said = f"{forgetting.forget(settings, 'encounter_ref', encounter_ref):,} predictions deleted"
        else:
            said = f"{forgetting.forget(settings, 'prediction', prediction or ''):,} predictions deleted"
    console.print(said, highlight=False)


def retention(
    every_day: Annotated[bool, typer.Option(help="go on, and do it every day")] = False,
) -> None:
    """Delete logged predictions that are older than RETENTION_DAYS."""
    from readmission.keeping import forgetting
    from readmission.keeping.daily import every_day_from_now_on

    settings = running_settings()
    if every_day:
        every_day_from_now_on(settings)
    with clear_errors():
        gone = forgetting.expire(settings)
    console.print(f"{gone:,} predictions older than {settings.retention_days} days deleted", highlight=False)
