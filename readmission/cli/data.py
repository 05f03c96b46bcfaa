"""The commands up to the prepared data: databases, encounters, the load and the split."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from connections.own_platform import running_settings
from readmission.cli.options import options_of
from readmission.cli.services import asking_airflow
from readmission.cli.terminal import bar, clear_errors, complain, console
from readmission.params import PrepareParams


def init(
    grants: Annotated[
        bool, typer.Option(help="give the accounts of a MySQL server their rights too, as the job migrate does")
    ] = False,
) -> None:
    """Create the databases and bring their tables up to date."""
    from readmission.storage import databases

    with clear_errors():
        for line in databases.initialise(running_settings(), grants):
            console.print(line, highlight=False)


def synth(
    out: Annotated[Path, typer.Option(help="the CSV to write")],
    rows: Annotated[int, typer.Option(min=100, help="encounters")] = 30_000,
    seed: Annotated[int, typer.Option(min=0)] = 42,
) -> None:
    """Write synthetic encounters: the same 50 columns, realistic margins, no patient."""
    from readmission import synthetic
    from readmission.dataset.obtained import disk_told

    with bar("encounters") as progress, disk_told(str(out), out.parent):
        synthetic.write(out, rows, seed, progress)
    console.print(f"{out}: {rows:,} synthetic encounters", highlight=False)


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
        complain("--undo loads nothing, so it goes with no other option")
        raise typer.Exit(1)
    else:
        _undo()


def _load(source: str | None, force: bool, allow_shrink: bool) -> None:
    from readmission.dataset.obtain import obtain
    from readmission.raw import ingest

    settings = running_settings()
    with clear_errors(), ExitStack() as obtaining:
        with bar("obtaining") as progress:
            file = obtaining.enter_context(obtain(settings, source, progress))
        with bar("rows") as progress:
            done = ingest.load(settings, file, force=force, progress=progress, allow_shrink=allow_shrink)
    console.print(f"load {done.load_id}: {done.rows:,} rows, {done.dataset}, {done.outcome}", highlight=False)


def _undo() -> None:
    from readmission.raw import ingest

    with clear_errors():
        done = ingest.undo(running_settings())
    rows = f"{done.back.rows:,} rows, {done.back.dataset}"
    console.print(
        f"load {done.load.load_id} undone: the rows of load {done.back.load_id} are back, {rows}", highlight=False
    )


@options_of(PrepareParams)
def preprocess(params: PrepareParams) -> None:
    """Clean, split by patient and batch the loaded encounters into CLEAN_DATA."""
    from readmission.clean import prepare
    from readmission.training import recovery

    settings = running_settings()
    with clear_errors():
        recovery.free_lost(settings, asking_airflow(settings))
        prepared = prepare.prepare(settings, params)
    counts = ", ".join(f"{split} {rows:,}" for split, rows in prepared.rows.items())
    console.print(f"prepared set {prepared.prepared_id}: {counts}, {len(prepared.batches)} batches", highlight=False)
