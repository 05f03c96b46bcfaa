"""The command that scores a file of encounters."""

from pathlib import Path
from typing import Annotated

import typer

from readmission.cli.services import asking_mlflow
from readmission.cli.terminal import bar, clear_errors, console, errors
from readmission.scoring.choices import EngineName, OnError, Options


def score(
    source: Annotated[Path, typer.Argument(help="the encounters: a .csv or .parquet file")],
    out: Annotated[Path, typer.Argument(help="what to write: a .csv or .parquet file")],
    version: Annotated[int | None, typer.Option(min=1, help="its number; otherwise the one in production")] = None,
    engine: Annotated[EngineName, typer.Option(help="what scores: the served ONNX forest or scikit-learn's")] = "auto",
    on_error: Annotated[OnError, typer.Option(help="what becomes of a file with a bad row")] = "refuse",
    overwrite: Annotated[bool, typer.Option(help="replace OUT where it is there already")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="threads that score; otherwise one a core")] = None,
) -> None:
    """Score a file of encounters of any size, and write which model it was beside the result."""
    from readmission.scoring.results import record_of
    from readmission.scoring.score import score as write

    options = Options(version, engine, on_error, overwrite, threads)
    with clear_errors():
        settings = asking_mlflow()
        with bar("encounters") as progress:
            record = write(settings, source, out, options, progress)
    for remark in record.remarks:
        errors.print(remark, style="yellow", markup=False, highlight=False)
    refused = f", {record.refused:,} of them refused" if record.refused else ""
    model = f"version {record.model_version} of {record.model_name} ({record.dataset}, {record.engine})"
    console.print(f"{out}: {record.rows:,} encounters{refused} by {model}; told in {record_of(out)}", highlight=False)
