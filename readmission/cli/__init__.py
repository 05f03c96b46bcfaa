"""The command line: the same functions as the DAGs, with a progress display.

A command imports what it does its work with when it runs, so that help and a mistyped option are there at once.
"""

import logging
from typing import Annotated

import typer
from rich.logging import RichHandler

from connections.failures import keep_values_out
from connections.own_platform import doubts, doubts_of_databases, running_settings
from connections.settings import Settings, SettingsError, prepare_process
from readmission import __version__
from readmission.cli import data, forgetting, history, keys, mlflow_users, predict, registry, score, shadow, training
from readmission.cli.terminal import complain, console, errors

app = typer.Typer(
    help="Load, prepare, train, promote and predict: what the DAGs do, from a shell.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_WITHOUT_DATABASES = ("synth", "predict", "score", "export", "registry", "mlflow-user", "keys")


def _end_with_version(asked: bool) -> None:
    if asked:
        console.print(f"readmission {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def configure(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_end_with_version, is_eager=True, help="Tell the version and end.")
    ] = False,
) -> None:
    """Sends the platform's log lines to the terminal, and nothing to anybody else."""
    prepare_process()
    keep_values_out()
    handler = RichHandler(console=errors, show_path=False, show_level=False)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(message)s")
    settings = _checked_settings(uses_databases=context.invoked_subcommand not in _WITHOUT_DATABASES)
    logging.getLogger("readmission").setLevel(settings.log_level)


def _checked_settings(uses_databases: bool) -> Settings:
    """The settings; where one is wrong the command ends, and of what is doubtful the person is told."""
    try:
        settings = running_settings()
        for line in (*doubts(settings), *(doubts_of_databases(settings) if uses_databases else ())):
            errors.print(line, style="yellow", markup=False, highlight=False)
    except SettingsError as error:
        for line in str(error).splitlines():
            complain(line)
        raise typer.Exit(1) from None
    return settings


# Help lists them in this order, which is that of a row's way.
for command in (
    data.init, data.synth, data.load, data.preprocess, training.train, training.unlock,
    registry.promote, registry.rollback, registry.withdraw, history.history, predict.predict, score.score,
    shadow.shadow, registry.export, registry.audit,
    forgetting.forget, forgetting.retention,
):  # fmt: skip
    app.command()(command)

registry_app = typer.Typer(help="What the registry holds: the proof of a version's files.", no_args_is_help=True)
registry_app.command()(registry.adopt)
app.add_typer(registry_app, name="registry")
app.add_typer(mlflow_users.app, name="mlflow-user")

keys_app = typer.Typer(help="Who may ask the prediction service: its API keys.", no_args_is_help=True)
keys_app.command()(keys.create)
keys_app.command("list")(keys.show)
keys_app.command()(keys.revoke)
app.add_typer(keys_app, name="keys")
