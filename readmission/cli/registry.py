"""The commands that say which version serves, and write its models out."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from readmission.cli.services import asking_mlflow
from readmission.cli.terminal import bar, clear_errors, console


def promote(
    version: Annotated[str, typer.Argument(help="the version to compare with production")],
    name: Annotated[str | None, typer.Option(help="the registered model")] = None,
    force: Annotated[bool, typer.Option(help="promote whatever it scores")] = False,
    reason: Annotated[str, typer.Option(help="written on the version, with --force")] = "by hand",
) -> None:
    """Promote a version if it beats production on the same validation rows."""
    from readmission.registry import promotion

    with clear_errors():
        settings = asking_mlflow()
        name = name or settings.model_name
        if force:
            verdict = promotion.promote(settings, name, version, reason)
        else:
            verdict = promotion.promote_if_better(settings, name, version)
    console.print(f"version {version} of {name} {verdict}", highlight=False)
    if not verdict.promoted:
        raise typer.Exit(2)


def rollback(
    name: Annotated[str | None, typer.Option(help="the registered model")] = None,
    reason: Annotated[str, typer.Option(help="written on the version")] = "rolled back by hand",
) -> None:
    """Put the version that was in production before back into production."""
    from readmission.registry import promotion

    with clear_errors():
        settings = asking_mlflow()
        name = name or settings.model_name
        version = promotion.previous_production(settings, name)
        verdict = promotion.promote(settings, name, version, reason)
    console.print(f"version {version} of {name} {verdict}", highlight=False)


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
