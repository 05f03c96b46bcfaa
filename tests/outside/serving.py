"""A prediction from the model in production, logged, and the same one shown by the form in a real browser."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import text

from app_front.checks import REQUIRED
from connections.settings import machine_environment
from readmission.features import BY_NAME, ORIGINAL_FIELDS
from tests.conftest import Poll
from tests.outside.browser import TakePicture, page
from tests.outside.pipeline import MODEL, production
from tests.outside.platform import Outside

ORIGINAL = {field.name: field.default for field in ORIGINAL_FIELDS}
CHANGED = {"time_in_hospital": 9, "number_inpatient": 2, "discharge_disposition_id": "Otro"}


def test_the_original_fields_are_answered_by_the_version_in_production(outside: Outside, poll: Poll) -> None:
    assert len(ORIGINAL) == 20
    version = production(outside)
    poll(lambda: outside.ask("/model").json().get("version") == version.version, deadline=60)
    answer = predict(outside, ORIGINAL)
    assert (answer["model_name"], answer["model_version"]) == (MODEL, version.version)
    assert 0 < answer["probability"] < 1
    assert answer["threshold"] == pytest.approx(float(version.tags["threshold"]))
    assert answer["prediction"] == int(answer["probability"] >= answer["threshold"])


def test_the_prediction_is_a_row_in_raw_data(outside: Outside) -> None:
    answer = predict(outside, ORIGINAL | CHANGED)
    row = _logged(outside, answer["prediction_id"])
    assert json.loads(row["inputs"]).items() >= (ORIGINAL | CHANGED).items()
    assert row["probability"] == answer["probability"]
    assert (row["model_version"], row["prediction"]) == (answer["model_version"], answer["prediction"])


def test_a_batch_is_logged_as_a_whole_or_not_at_all(outside: Outside) -> None:
    encounters = [ORIGINAL | CHANGED | {"encounter_ref": f"batch-{number}"} for number in range(2_000)]
    refused = outside.ask("/predict/batch", [*encounters, {"age": 3.7}])
    assert (refused.status_code, refused.json()["error"]["fields"][0]["row"]) == (422, 2_001)
    assert _batch_rows(outside) == 0
    answer = outside.ask("/predict/batch", encounters)
    assert answer.status_code == 200, answer.text
    assert answer.json()["logged"] == "database"
    assert _batch_rows(outside) == len(answer.json()["predictions"]) == 2_000


def test_the_command_predicts_the_same_from_outside(outside: Outside, tmp_path: Path) -> None:
    fields = [f"{name}={value}" for name, value in (ORIGINAL | CHANGED).items()]
    name, password = outside.reader
    environment = {
        **machine_environment(),
        "MLFLOW_TRACKING_URI": outside.address("mlflow", 5000),
        "MLFLOW_TRACKING_USERNAME": name,
        "MLFLOW_TRACKING_PASSWORD": password,
        "MODEL_PUBLIC_KEYS": outside.public_keys,
    }
    command = (sys.executable, "-m", "readmission.cli", "predict", *fields)
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["probability"] == predict(outside, ORIGINAL | CHANGED)["probability"]
    assert list(tmp_path.iterdir()) == []


def test_the_form_shows_the_same_probability(outside: Outside, picture: TakePicture) -> None:
    with page() as form:
        form.goto(outside.address("front", 8501))
        _fill(form)
        form.get_by_role("button", name="Calcular el riesgo").click()
        shown = form.get_by_test_id("stMetricValue").inner_text()
        prediction_id = form.locator("code").last.inner_text()
        form.get_by_test_id("stMetricValue").scroll_into_view_if_needed()
        picture(form, "formulario")
    expected = predict(outside, ORIGINAL | CHANGED)["probability"]
    assert shown == f"{expected * 100:.1f} %".replace(".", ",")
    assert _logged(outside, prediction_id)["probability"] == expected


def test_mlflows_pages_show_the_model(outside: Outside, picture: TakePicture) -> None:
    with page(outside.reader) as mlflow:
        mlflow.goto(f"{outside.address('mlflow', 5000)}/#/models/{MODEL}")
        mlflow.get_by_text("Version 1").first.wait_for()
        assert mlflow.get_by_text("production").count()
        _close_assistant(mlflow)
        picture(mlflow, "mlflow")


def test_the_calibration_of_what_serves_is_two_clicks_from_where_mlflow_opens(outside: Outside) -> None:
    experiment = outside.mlflow.get_experiment_by_name("readmission")
    assert experiment is not None
    with page(outside.reader) as mlflow:
        runs = f"#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning"
        mlflow.goto(f"{outside.address('mlflow', 5000)}/{runs}")
        with mlflow.context.expect_page() as opened:  # a link of a description opens a page of its own
            mlflow.get_by_role("link", name="its calibration").click()
        opened.value.get_by_text("val_calibration.png").first.click()
        opened.value.wait_for_function("[...document.images].some(image => image.naturalWidth >= 400)")


def test_airflows_pages_show_the_dags(outside: Outside, picture: TakePicture) -> None:
    with page() as airflow:
        airflow.goto(outside.address("airflow-apiserver", 8080))
        airflow.locator("input[name=username]").fill("admin")
        airflow.locator("input[name=password]").fill(outside.airflow_password)
        airflow.locator("input[name=password]").press("Enter")
        airflow.wait_for_url(lambda url: "login" not in url)
        airflow.goto(f"{outside.address('airflow-apiserver', 8080)}/dags")
        for dag_id in ("crear_bases_si_no_existen", "cargar_datos", "preprocesar_datos", "entrenar_modelo"):
            airflow.get_by_role("link", name=dag_id).first.wait_for()
        picture(airflow, "airflow")


def test_the_apis_documentation_shows_predict(outside: Outside, picture: TakePicture) -> None:
    with page() as docs:
        docs.goto(f"{outside.address('api', 8000)}/docs")
        docs.get_by_text("/predict").first.wait_for()
        picture(docs, "fastapi")


def predict(outside: Outside, request: dict[str, Any]) -> dict[str, Any]:
    """The prediction service's answer."""
    answer = outside.ask("/predict", request)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _fill(form: Page) -> None:
    form.get_by_text("Modelo en producción").wait_for()
    for name in REQUIRED:
        value = str((ORIGINAL | CHANGED)[name])
        field = form.get_by_label(BY_NAME[name].texts.label.es, exact=True)
        field.fill(value)
        field.press("Tab" if BY_NAME[name].kind == "number" else "Enter")
        assert field.input_value() == value


def _close_assistant(mlflow: Page) -> None:
    close = mlflow.get_by_role("button", name="Close")
    if close.count():
        close.last.click()


def _batch_rows(outside: Outside) -> int:
    with outside.database("api", "RAW_DATA").connect() as connection:
        return int(
            connection.execute(text("SELECT COUNT(*) FROM predictions WHERE encounter_ref LIKE 'batch-%'")).scalar_one()
        )


def _logged(outside: Outside, prediction_id: str) -> dict[str, Any]:
    wanted = text("SELECT * FROM predictions WHERE prediction_id = :id")
    with outside.database("api", "RAW_DATA").connect() as connection:
        return dict(connection.execute(wanted, {"id": prediction_id}).mappings().one())
