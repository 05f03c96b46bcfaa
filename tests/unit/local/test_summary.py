"""`demo-summary.json` and the tables keep their promise: the issue's keys, every figure, no password."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from connections.settings import Settings
from readmission.local import commands
from readmission.local.summary import Batch, Production, Splits, Summary, addresses, show, write
from readmission.prediction import PredictionResponse


@pytest.fixture
def summary(settings: Settings) -> Summary:
    return Summary(
        dataset="synthetic",
        rows_loaded=30_123,
        splits=Splits(train=24_001, val=3_002, test=3_003),
        batches=[Batch(batch_id=1, rows=15_000, val_f1=0.2512), Batch(batch_id=2, rows=9_001, val_f1=0.2634)],
        production=Production(
            name="mejor_modelo_diabetes",
            version="7",
            batch_id=2,
            threshold=0.1411,
            val_f1=0.2634,
            test_f1=0.2567,
            test_roc_auc=0.6543,
            test_brier=0.0951,
            test_base_brier=0.0999,
        ),
        prediction=PredictionResponse(
            prediction=1,
            label="Readmitido",
            probability=0.2345,
            threshold=0.1411,
            model_name="mejor_modelo_diabetes",
            model_version="7",
            prediction_id="an-id",
            dataset="synthetic",
        ),
        addresses=addresses(settings, "#/experiments/1/runs?workflowType=machine_learning"),
        seconds={"services": 12.0},
    )


def test_the_file_has_exactly_the_promised_keys(summary: Summary, tmp_path: Path) -> None:
    write(summary, tmp_path / "demo-summary.json")
    written = json.loads((tmp_path / "demo-summary.json").read_text(encoding="utf-8"))
    assert list(written) == [
        "dataset", "rows_loaded", "splits", "batches", "production", "prediction", "addresses", "seconds",
    ]  # fmt: skip
    assert set(written["splits"]) == {"train", "val", "test"}
    assert set(written["batches"][0]) == {"batch_id", "rows", "val_f1"}
    assert set(written["prediction"]) == set(PredictionResponse.model_fields) - {"reasons"}
    assert Summary.model_validate(written) == summary
    assert set(written["production"]) == {
        "name", "version", "batch_id", "threshold", "val_f1",
        "test_f1", "test_roc_auc", "test_brier", "test_base_brier",
    }  # fmt: skip


def test_the_tables_show_figures_and_addresses_and_no_password(summary: Summary, settings: Settings) -> None:
    console = Console(file=StringIO(), width=80)
    show(console, summary, settings)
    assert isinstance(console.file, StringIO)
    told = console.file.getvalue()
    for expected in ("30,123", "train 24,001", "0.2512", "0.2634 *", "version 7", "0.654", "an-id", "not patients"):
        assert expected in told
    assert all(address in told for address in summary.addresses.values())
    assert "The form asks for FORM_PASSWORD of .env" in told
    assert "AIRFLOW_ADMIN_PASSWORD" in told and "Sign in to MLflow as admin with MLFLOW_ADMIN_PASSWORD" in told
    for password in (settings.airflow_admin_password, settings.mlflow_admin_password, settings.form_password):
        assert password.get_secret_value() not in told


def test_an_ipv6_address_is_shown_whole(
    summary: Summary, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = settings.model_copy(update={"bind_address": "fd00::7"})
    there = summary.model_copy(update={"addresses": addresses(outside)})
    show(commands.console, there, outside)
    assert f"http://[fd00::7]:{outside.port('form')}" in capsys.readouterr().out
