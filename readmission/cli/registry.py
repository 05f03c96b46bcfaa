"""The commands that say which version serves, and write its models out."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from readmission.cli.services import asking_mlflow
from readmission.cli.terminal import bar, clear_errors, console


def _given(reason: str | None) -> str | None:
    if reason is not None and not reason.strip():
        raise typer.BadParameter("say why; the ledger keeps it")
    return reason


Name = Annotated[str | None, typer.Option(help="the registered model")]
By = Annotated[str | None, typer.Option(help="who decides it; otherwise the account that runs the command")]
Reason = Annotated[str, typer.Option(help="why, for the ledger", callback=_given)]


def promote(
    version: Annotated[str, typer.Argument(help="the version to compare with production")],
    name: Name = None,
    force: Annotated[bool, typer.Option(help="promote whatever it scores: approved by a person")] = False,
    reason: Annotated[
        str | None, typer.Option(help="why, for the ledger; needed with --force", callback=_given)
    ] = None,
    by: By = None,
) -> None:
    """Promote a version if it beats production on the same validation rows."""
    from readmission.registry import promotion

    if force and reason is None:
        raise typer.BadParameter("--force needs a --reason, which the ledger keeps")
    with clear_errors():
        settings = asking_mlflow()
        name = name or settings.model_name
        if force and reason:
            verdict = promotion.promote(settings, name, version, reason, by)
        else:
            verdict = promotion.promote_if_better(settings, name, version, by)
    console.print(f"version {version} of {name} {verdict}", highlight=False)
    if not verdict.promoted:
        raise typer.Exit(2)


def rollback(
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="this version; otherwise what served before")] = None,
    name: Name = None,
    by: By = None,
) -> None:
    """Put the version that served before the one in production back into production."""
    from readmission.registry.rollback import roll_back

    with clear_errors():
        settings = asking_mlflow()
        done = roll_back(settings, name or settings.model_name, reason, to, by)
    said = f"version {done.to_version} of {done.model} is back in place of {done.from_version}: {done.reason}"
    console.print(said, highlight=False, markup=False)


def withdraw(
    version: Annotated[str, typer.Argument(help="the version")],
    reason: Reason,
    name: Name = None,
    by: By = None,
) -> None:
    """Have a version never promoted by itself, nor gone back to."""
    from readmission.registry.withdrawal import withdraw as take_out

    with clear_errors():
        settings = asking_mlflow()
        done = take_out(settings, name or settings.model_name, version, reason, by)
    console.print(f"version {version} of {done.model} is withdrawn: {reason}", highlight=False, markup=False)


def audit(
    version: Annotated[str, typer.Argument(help="the version")],
    output: Annotated[Path | None, typer.Option(help="the zip; otherwise audit-NAME-VERSION.zip here")] = None,
    name: Name = None,
) -> None:
    """Pack a version's card, ledger, provenance and data report into one zip for who audits it."""
    from readmission.registry.audit import pack

    with clear_errors():
        settings = asking_mlflow()
        name = name or settings.model_name
        output = output or Path(f"audit-{name}-{version}.zip")
        files = pack(settings, name, version, output)
    console.print(f"{output}: {', '.join(files)}", highlight=False, markup=False, soft_wrap=True)


def adopt(
    version: Annotated[str | None, typer.Argument(help="the version; otherwise the one in production")] = None,
    at_start: Annotated[
        bool, typer.Option("--at-start", help="end well when it is refused, so that a start goes on")
    ] = False,
) -> None:
    """Give a version from before manifests its proof, if its served files answer as its pipeline does."""
    with clear_errors():
        settings = asking_mlflow()
        if at_start:
            from readmission.registry.at_start import adopt_production

            return adopt_production(settings, partial(console.print, highlight=False, markup=False))
        from readmission.registry.adopt import adopt as adopt_version

        console.print(adopt_version(settings, version), highlight=False)


def export(
    folder: Annotated[Path, typer.Option(help="where the .pkl files go")] = Path("models"),
) -> None:
    """Write the models of the training behind production as .pkl files, for people who want them."""
    from readmission.registry.export import export as write

    with bar("models") as progress:
        written = write(asking_mlflow(), folder, progress)
    for path in written:
        console.print(f"{path}: {path.stat().st_size:,} bytes", highlight=False)
