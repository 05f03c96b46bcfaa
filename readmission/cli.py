"""The command line: the same functions as the DAGs, with a progress display."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version as installed_version
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from connections.mysql_connections import LockTakenError, place_of
from connections.own_platform import doubts, running_settings
from connections.settings import Settings, SettingsError, prepare_process
from connections.sqlite_files import DatabaseFileError
from readmission.errors import PromotionError, ReadmissionError
from readmission.features import BY_NAME, FieldError
from readmission.params import ForestParams, PrepareParams, checked
from readmission.prediction import LABELS, PredictionResponse
from readmission.progress import Progress

if TYPE_CHECKING:
    from readmission.training.batches import TrainingPlan

ParamsModel = TypeVar("ParamsModel", bound=BaseModel)

MLFLOW_SECONDS = 60

app = typer.Typer(
    help="Load, prepare, train, promote and predict: what the DAGs do, from a shell.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
# Terminals wrap lines themselves; a path or a command that was broken into lines cannot be copied.
console = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)


def _end_with_version(asked: bool) -> None:
    if asked:
        console.print(f"readmission {installed_version('readmission')}", highlight=False)
        raise typer.Exit


@app.callback()
def configure(
    _version: Annotated[
        bool, typer.Option("--version", callback=_end_with_version, is_eager=True, help="Tell the version and end.")
    ] = False,
) -> None:
    """Sends the platform's log lines to the terminal, and nothing to anybody else."""
    prepare_process()
    handler = RichHandler(console=errors, show_path=False, show_level=False)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(message)s")
    logging.getLogger("readmission").setLevel(_checked_settings().log_level)


def _checked_settings() -> Settings:
    """The settings; where one is wrong the command ends, and of what is doubtful the person is told."""
    try:
        settings = running_settings()
        for line in doubts(settings):
            errors.print(line, style="yellow", markup=False, highlight=False)
    except SettingsError as error:
        for line in str(error).splitlines():
            _complain(line)
        raise typer.Exit(1) from None
    return settings


def _complain(what: str) -> None:
    errors.print(f"[red]error:[/red] {escape(what)}", highlight=False)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turns an error that a person can act on into its message and exit code 1."""
    try:
        with _naming_missing_tables():
            yield
    except _explained() as error:
        _complain(_message(error))
        raise typer.Exit(1) from error


@contextmanager
def _naming_missing_tables() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        from readmission.training.explained import explained

        told = explained(error)
        if told is None:
            raise
        raise told from error


def _explained() -> tuple[type[Exception], ...]:
    """The errors whose message says enough; MLflow and ONNX Runtime are imported by the commands that need them."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import DBAPIError

    from connections.model_registry import NoServerError
    from readmission.inference import ModelFileError

    ours = ReadmissionError, LockTakenError, DatabaseFileError, FieldError, ModelFileError, NoServerError
    return *ours, MlflowException, DBAPIError, OSError


def _message(error: Exception) -> str:
    from sqlalchemy.exc import DBAPIError

    if not isinstance(error, DBAPIError):
        return str(error)
    return f"the database at {place_of(running_settings())} refuses or does not answer: {error.orig}"


def _asking_mlflow(briefly: bool = True) -> Settings:
    """The settings, for a command that asks MLflow: one that does not answer is said at once.

    Nor does a brief command try again when it breaks off later on; a training does.

    Raises:
        NoServerError: it does not answer.
    """
    from connections.model_registry import ask_briefly, make_default, require_server

    settings = running_settings()
    require_server(settings)
    if briefly:
        ask_briefly(MLFLOW_SECONDS)
    make_default(settings)
    return settings


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    columns = (SpinnerColumn(), TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with _clear_errors(), Bar(*columns, console=errors) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command()
def init() -> None:
    """Create the databases and bring their tables up to date."""
    from readmission.storage import databases

    with _clear_errors():
        for line in databases.initialise(running_settings()):
            console.print(line, highlight=False)


@app.command()
def synth(
    out: Annotated[Path, typer.Option(help="the CSV to write")],
    rows: Annotated[int, typer.Option(min=100, help="encounters")] = 30_000,
    seed: Annotated[int, typer.Option(min=0)] = 42,
) -> None:
    """Write synthetic encounters: the same 50 columns, realistic margins, no patient."""
    from readmission import synthetic
    from readmission.dataset.obtained import disk_told

    with _bar("encounters") as progress, disk_told(str(out), out.parent):
        synthetic.write(out, rows, seed, progress)
    console.print(f"{out}: {rows:,} synthetic encounters", highlight=False)


@app.command()
def load(
    source: Annotated[str | None, typer.Option(help="csv, gz, zip, http(s) address or 'synthetic'")] = None,
    force: Annotated[bool, typer.Option(help="load again even if the file has not changed")] = False,
    allow_shrink: Annotated[
        bool, typer.Option(help="replace also by far fewer rows, and real rows by synthetic ones")
    ] = False,
    undo: Annotated[bool, typer.Option(help="bring back the rows that the last load replaced")] = False,
) -> None:
    """Check the encounters' CSV and load it into RAW_DATA.initial_data, or undo the last load."""
    if not undo:
        _load(source, force, allow_shrink)
    elif source or force or allow_shrink:
        errors.print("[red]error:[/red] --undo loads nothing, so it goes with no other option", highlight=False)
        raise typer.Exit(1)
    else:
        _undo()


def _load(source: str | None, force: bool, allow_shrink: bool) -> None:
    from readmission.dataset.obtain import obtain
    from readmission.raw import ingest

    settings = running_settings()
    with _clear_errors(), ExitStack() as obtaining:
        with _bar("obtaining") as progress:
            file = obtaining.enter_context(obtain(settings, source, progress))
        with _bar("rows") as progress:
            done = ingest.load(settings, file, force=force, progress=progress, allow_shrink=allow_shrink)
    console.print(f"load {done.load_id}: {done.rows:,} rows, {done.dataset}, {done.outcome}", highlight=False)


def _undo() -> None:
    from readmission.raw import ingest

    with _clear_errors():
        done = ingest.undo(running_settings())
    rows = f"{done.back.rows:,} rows, {done.back.dataset}"
    console.print(
        f"load {done.load.load_id} undone: the rows of load {done.back.load_id} are back, {rows}", highlight=False
    )


def _options_of(model: type[ParamsModel]) -> Callable[[Callable[[ParamsModel], None]], Callable[..., None]]:
    """Gives a command an option a field of the model that the DAG's params are made from, which checks them too."""

    def with_options(command: Callable[[ParamsModel], None]) -> Callable[..., None]:
        def run(**chosen: Any) -> None:
            with _clear_errors():
                params = checked(model, chosen)
            command(params)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        options = [_option(name, field) for name, field in model.model_fields.items()]
        run.__signature__ = Signature(options)  # type: ignore[attr-defined]
        return run

    return with_options


def _option(name: str, field: FieldInfo) -> Parameter:
    # A choice is a text here, so that it is the model that refuses one, in its words.
    kind: Any = str if get_origin(field.annotation) is Literal else field.annotation
    option = Annotated[kind, typer.Option(help=field.description)]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=field.default, annotation=option)


def _ask_airflow(settings: Settings) -> Callable[[str, str], bool]:
    from readmission.dag_runs.unfinished import asking

    password = settings.airflow_admin_password.get_secret_value()
    return asking(settings.url("airflow"), settings.airflow_admin_user, password)


@app.command()
@_options_of(PrepareParams)
def preprocess(params: PrepareParams) -> None:
    """Clean, split by patient and batch the loaded encounters into CLEAN_DATA."""
    from readmission.clean import prepare
    from readmission.training import recovery

    settings = running_settings()
    with _clear_errors():
        recovery.free_lost(settings, _ask_airflow(settings))
        prepared = prepare.prepare(settings, params)
    counts = ", ".join(f"{split} {rows:,}" for split, rows in prepared.rows.items())
    console.print(f"prepared set {prepared.prepared_id}: {counts}, {len(prepared.batches)} batches", highlight=False)


@app.command()
@_options_of(ForestParams)
def train(params: ForestParams) -> None:
    """Train one forest a batch, register the best and promote it if it beats production."""
    from readmission.training import batches, recovery, selection

    with _bar("batches") as progress:
        settings = _asking_mlflow(briefly=False)
        recovery.free_lost(settings, _ask_airflow(settings))
        plan = batches.begin(settings, params)
        try:
            for done, batch_id in enumerate(plan.batches):
                progress(done, len(plan.batches))
                _train_batch(settings, plan, batch_id)
        except KeyboardInterrupt:
            selection.abandon(settings, plan)
            raise
        outcome = selection.select(settings, plan)
        progress(len(plan.batches), len(plan.batches))
    best = f"batch {outcome.batch_id}, val_f1 {outcome.val_f1:.4f}"
    console.print(f"{best}: version {outcome.version} of {outcome.name} {outcome.verdict}", highlight=False)


def _train_batch(settings: Settings, plan: "TrainingPlan", batch_id: int) -> None:
    """A batch that fails does not stop the others; the selection fails if none succeeds."""
    from readmission.training import batches

    try:
        batches.train_batch(settings, plan, batch_id)
    except Exception as error:
        # Whatever it was is on the batch's run; in Airflow too the other batches go on.
        errors.print(f"[yellow]batch {batch_id} failed:[/yellow] {escape(str(error))}", highlight=False)


@app.command()
def unlock(
    force: Annotated[bool, typer.Option(help="without asking whether the training goes on")] = False,
) -> None:
    """Free the prepared data from a training that is no more, and close its runs in MLflow."""
    from readmission.training import recovery

    with _clear_errors():
        settings = _asking_mlflow()
        freed = recovery.free_by_force(settings) if force else recovery.free_lost(settings, _ask_airflow(settings))
    told = f"freed the prepared set from {freed.owner}; its runs are closed" if freed else "nothing was in use"
    console.print(told, highlight=False)


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="the version to compare with production")],
    name: Annotated[str | None, typer.Option(help="the registered model")] = None,
    force: Annotated[bool, typer.Option(help="promote whatever it scores")] = False,
    reason: Annotated[str, typer.Option(help="written on the version, with --force")] = "by hand",
) -> None:
    """Promote a version if it beats production on the same validation rows."""
    from readmission.registry import promotion

    with _clear_errors():
        settings = _asking_mlflow()
        name = name or settings.model_name
        if force:
            verdict = promotion.promote(settings, name, version, reason)
        else:
            verdict = promotion.promote_if_better(settings, name, version)
    console.print(f"version {version} of {name} {verdict}", highlight=False)
    if not verdict.promoted:
        raise typer.Exit(2)


@app.command()
def rollback(
    name: Annotated[str | None, typer.Option(help="the registered model")] = None,
    reason: Annotated[str, typer.Option(help="written on the version")] = "rolled back by hand",
) -> None:
    """Put the version that was in production before back into production."""
    from readmission.registry import promotion

    with _clear_errors():
        settings = _asking_mlflow()
        name = name or settings.model_name
        version = promotion.previous_production(settings, name)
        verdict = promotion.promote(settings, name, version, reason)
    console.print(f"version {version} of {name} {verdict}", highlight=False)


@app.command()
def predict(
    fields: Annotated[list[str] | None, typer.Argument(help="name=value; what is left out has its default")] = None,
) -> None:
    """Score one encounter with the version in production, without the service and without a log row."""
    from connections.model_registry import download_served_files, production_version
    from readmission.features import complete_request
    from readmission.inference import Scorer

    with _clear_errors(), tempfile.TemporaryDirectory() as folder:
        request = complete_request(_sent(fields or []))
        settings = _asking_mlflow()
        version = production_version(settings)
        if version is None:
            raise PromotionError("no version is in production yet; run `readmission train` or the DAG entrenar_modelo")
        scorer = Scorer.load(download_served_files(settings, version, Path(folder)))
        probability = scorer.score(request)
    prediction = scorer.decide(probability)
    answer = PredictionResponse(
        prediction=prediction,
        label=LABELS[prediction],
        probability=probability,
        threshold=scorer.config.threshold,
        model_name=version.name,
        model_version=version.version,
        prediction_id="",
        dataset=scorer.config.dataset,
    )
    # Nothing is logged, so there is no row to name.
    console.print_json(answer.model_dump_json(exclude={"label", "prediction_id"}))


def _sent(fields: list[str]) -> dict[str, str]:
    sent = dict(field.partition("=")[::2] for field in fields)
    for name, value in sent.items():
        if name not in BY_NAME:
            raise FieldError(name, f"there is no such field; the fields are {', '.join(BY_NAME)}")
        BY_NAME[name].model_value(value)
    return sent


@app.command()
def export(
    folder: Annotated[Path, typer.Option(help="where the .pkl files go")] = Path("models"),
) -> None:
    """Write the models of the training behind production as .pkl files, for people who want them."""
    from readmission.registry.export import export as write

    with _bar("models") as progress:
        written = write(_asking_mlflow(), folder, progress)
    for path in written:
        console.print(f"{path}: {path.stat().st_size:,} bytes", highlight=False)


if __name__ == "__main__":
    app()
