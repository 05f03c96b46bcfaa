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
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from connections.mysql_connections import LockTakenError
from connections.settings import Settings, get_settings, stop_telemetry
from readmission.errors import PromotionError, ReadmissionError
from readmission.features import BY_NAME, FieldError
from readmission.params import ForestParams, PrepareParams
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
    stop_telemetry()
    handler = RichHandler(console=errors, show_path=False, show_level=False)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(message)s")
    logging.getLogger("readmission").setLevel(get_settings().log_level)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turns an error that a person can act on into its message and exit code 1."""
    try:
        yield
    except _explained() as error:
        errors.print(f"[red]error:[/red] {escape(str(error))}", highlight=False)
        raise typer.Exit(1) from error


def _explained() -> tuple[type[Exception], ...]:
    """The errors whose message says enough; MLflow and ONNX Runtime are imported by the commands that need them."""
    from mlflow.exceptions import MlflowException

    from readmission.inference import ModelFileError

    return ReadmissionError, LockTakenError, FieldError, ModelFileError, MlflowException


def _asking_briefly() -> Settings:
    """The settings, for a command that a person waits for: an MLflow that does not answer is said at once."""
    from connections.model_registry import ask_briefly

    ask_briefly(MLFLOW_SECONDS)
    return get_settings()


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
        for line in databases.initialise(get_settings()):
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

    settings = get_settings()
    with _clear_errors(), ExitStack() as obtaining:
        with _bar("obtaining") as progress:
            file = obtaining.enter_context(obtain(settings, source, progress))
        with _bar("rows") as progress:
            done = ingest.load(settings, file, force=force, progress=progress, allow_shrink=allow_shrink)
    console.print(f"load {done.load_id}: {done.rows:,} rows, {done.dataset}, {done.outcome}", highlight=False)


def _undo() -> None:
    from readmission.raw import ingest

    with _clear_errors():
        done = ingest.undo(get_settings())
    rows = f"{done.back.rows:,} rows, {done.back.dataset}"
    console.print(
        f"load {done.load.load_id} undone: the rows of load {done.back.load_id} are back, {rows}", highlight=False
    )


def _options_of(model: type[ParamsModel]) -> Callable[[Callable[[ParamsModel], None]], Callable[..., None]]:
    """Gives a command an option a field of the model that the DAG's params are made from, which checks them too."""

    def with_options(command: Callable[[ParamsModel], None]) -> Callable[..., None]:
        def run(**chosen: Any) -> None:
            command(_checked(model, chosen))

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


def _checked(model: type[ParamsModel], chosen: dict[str, Any]) -> ParamsModel:
    try:
        return model(**chosen)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'options'}: {item['msg']}" for item in error.errors()
        )
        errors.print(f"[red]error:[/red] {escape(problems)}", highlight=False)
        raise typer.Exit(1) from error


@app.command()
@_options_of(PrepareParams)
def preprocess(params: PrepareParams) -> None:
    """Clean, split by patient and batch the loaded encounters into CLEAN_DATA."""
    from readmission.clean import prepare

    with _clear_errors():
        prepared = prepare.prepare(get_settings(), params)
    counts = ", ".join(f"{split} {rows:,}" for split, rows in prepared.rows.items())
    console.print(f"prepared set {prepared.prepared_id}: {counts}, {len(prepared.batches)} batches", highlight=False)


@app.command()
@_options_of(ForestParams)
def train(params: ForestParams) -> None:
    """Train one forest a batch, register the best and promote it if it beats production."""
    from readmission.training import batches, selection

    settings = get_settings()
    with _bar("batches") as progress:
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
def promote(
    version: Annotated[str, typer.Argument(help="the version to compare with production")],
    name: Annotated[str | None, typer.Option(help="the registered model")] = None,
    force: Annotated[bool, typer.Option(help="promote whatever it scores")] = False,
    reason: Annotated[str, typer.Option(help="written on the version, with --force")] = "by hand",
) -> None:
    """Promote a version if it beats production on the same validation rows."""
    from readmission.registry import promotion

    settings = _asking_briefly()
    name = name or settings.model_name
    with _clear_errors():
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

    settings = _asking_briefly()
    name = name or settings.model_name
    with _clear_errors():
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

    settings = _asking_briefly()
    with _clear_errors(), tempfile.TemporaryDirectory() as folder:
        request = complete_request(_sent(fields or []))
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
    for name in sent:
        if name not in BY_NAME:
            raise FieldError(name, f"there is no such field; the fields are {', '.join(BY_NAME)}")
    return sent


@app.command()
def export(
    folder: Annotated[Path, typer.Option(help="where the .pkl files go")] = Path("models"),
) -> None:
    """Write the models of the training behind production as .pkl files, for people who want them."""
    from readmission.registry.export import export as write

    with _bar("models") as progress:
        written = write(_asking_briefly(), folder, progress)
    for path in written:
        console.print(f"{path}: {path.stat().st_size:,} bytes", highlight=False)


if __name__ == "__main__":
    app()
