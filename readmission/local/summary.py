"""What a demo came to: read from the stores, written to `demo-summary.json` and shown as tables."""

from pathlib import Path
from typing import Literal

from mlflow.tracking import MlflowClient
from pydantic import BaseModel
from rich.console import Console, Group
from rich.table import Table
from sqlalchemy import select

from connections.model_registry import RegisteredVersion, client, production_version
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import loads, prepared_sets
from readmission.errors import ReadmissionError
from readmission.prediction import PredictionResponse
from readmission.registry.batch_models import described

_TITLES = {"form": "Form", "api": "Prediction API", "airflow": "Airflow", "mlflow": "MLflow"}


class NoProductionError(ReadmissionError):
    """No version is in production."""


class Splits(BaseModel):
    """Rows of each split."""

    train: int
    val: int
    test: int


# A batch's number, or the vote of them all.
BatchId = int | Literal["all"]


class Batch(BaseModel):
    """One trained batch, or the vote of all."""

    batch_id: BatchId
    rows: int
    val_f1: float


class Production(BaseModel):
    """The version in production and how it was measured."""

    name: str
    version: str
    batch_id: BatchId
    threshold: float
    val_f1: float
    test_f1: float
    test_roc_auc: float
    test_brier: float
    test_base_brier: float


class Trained(BaseModel):
    """The part of the summary that is in the databases and MLflow."""

    dataset: str
    rows_loaded: int
    splits: Splits
    batches: list[Batch]
    production: Production


class Summary(Trained):
    """`demo-summary.json`."""

    prediction: PredictionResponse
    addresses: dict[str, str]
    seconds: dict[str, float]


def trained(settings: Settings) -> Trained:
    """What was loaded, prepared, trained and promoted.

    Raises:
        NoProductionError: nothing was promoted.
    """
    version = production_version(settings)
    if version is None:
        raise NoProductionError("no version is in production: the training's log in Airflow says why")
    load_id = int(version.tags["load_id"])
    rows = select(loads.c.rows).where(loads.c.load_id == load_id)
    splits = select(prepared_sets.c.rows).where(prepared_sets.c.prepared_id == int(version.tags["prepared_id"]))
    with engine_for(settings, "RAW_DATA").connect() as raw, engine_for(settings, "CLEAN_DATA").connect() as clean:
        return Trained(
            dataset=version.tags["dataset"],
            rows_loaded=raw.scalars(rows).one(),
            splits=Splits.model_validate(clean.scalars(splits).one()),
            batches=_batches(client(settings), version),
            production=Production.model_validate({**version.tags, "name": version.name, "version": version.version}),
        )


def _batches(tracking: MlflowClient, version: RegisteredVersion) -> list[Batch]:
    experiment = tracking.get_run(version.run_id).info.experiment_id
    mine = f"tags.mlflow.parentRunId = '{version.run_id}' and attributes.status = 'FINISHED'"
    found = [
        Batch.model_validate({**run.data.metrics, "batch_id": run.data.tags["batch_id"]})
        for run in tracking.search_runs([experiment], mine)
    ]
    return sorted(found, key=lambda batch: float("inf") if batch.batch_id == "all" else batch.batch_id)


def addresses(settings: Settings, runs_page: str = "") -> dict[str, str]:
    """Where a person finds each console of the embedded platform; MLflow at its page of the platform's runs."""
    return {
        "form": settings.public_url("form"),
        "api": f"{settings.public_url('api')}/docs",
        "airflow": settings.public_url("airflow"),
        "mlflow": f"{settings.mlflow_pages}/{runs_page}",
    }


def write(summary: Summary, path: Path) -> None:
    """Writes the summary as JSON."""
    path.write_text(summary.model_dump_json(indent=2) + "\n", encoding="utf-8")


def show(console: Console, summary: Summary, settings: Settings) -> None:
    """Prints the summary: tables of the result, then the addresses."""
    console.print(Group(_results(summary), _batches_table(summary)))
    _show_addresses(console, summary, settings)


def _results(summary: Summary) -> Table:
    table = Table(title="Result", title_justify="left", show_header=False)
    model, splits, answer = summary.production, summary.splits, summary.prediction
    table.add_row("Data set", f"{summary.dataset}" + (" (made up, not patients)" if summary.dataset != "real" else ""))
    table.add_row("Rows loaded", f"{summary.rows_loaded:,}")
    table.add_row("Rows per split", f"train {splits.train:,}   val {splits.val:,}   test {splits.test:,}")
    table.add_row("In production", f"{model.name} version {model.version} ({described(str(model.batch_id))})")
    table.add_row("On validation", f"F1 {model.val_f1:.3f} at threshold {model.threshold:.3f}")
    table.add_row(
        "On test",
        f"ROC-AUC {model.test_roc_auc:.3f}   F1 {model.test_f1:.3f}   "
        f"Brier {model.test_brier:.4f} (base rate {model.test_base_brier:.4f})",
    )
    table.add_row("Prediction", f"{answer.prediction} with probability {answer.probability:.3f}")
    table.add_row("Logged as", answer.prediction_id)
    table.add_row("Seconds", "   ".join(f"{step} {seconds:.0f}" for step, seconds in summary.seconds.items()))
    return table


def _batches_table(summary: Summary) -> Table:
    table = Table("Batch", "Rows", "val_f1", title="Batches", title_justify="left")
    for batch in summary.batches:
        best = " *" if batch.batch_id == summary.production.batch_id else ""
        table.add_row(str(batch.batch_id), f"{batch.rows:,}", f"{batch.val_f1:.4f}{best}")
    return table


def _show_addresses(console: Console, summary: Summary, settings: Settings) -> None:
    """A line each, whole: an address that a table broke or cut cannot be copied."""
    console.print("Addresses", style="italic")
    for name, address in summary.addresses.items():
        console.print(f"  {_TITLES[name]:<15} {address}", soft_wrap=True, highlight=False)
    for name, account in (("Airflow", settings.airflow_admin_user), ("MLflow", "admin")):
        signing_in = f"Sign in to {name} as {account} with {name.upper()}_ADMIN_PASSWORD of .env"
        console.print(f"  {signing_in}", soft_wrap=True, highlight=False)
    if settings.form_auth == "password":
        console.print("  The form asks for FORM_PASSWORD of .env", soft_wrap=True, highlight=False)
    asking = (
        "`.venv/bin/readmission keys create NAME` makes a key for a program of yours to ask the prediction API with"
    )
    console.print(f"  {asking}", soft_wrap=True, highlight=False)
