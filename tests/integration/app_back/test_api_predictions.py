"""Answers and their log, over HTTP, with a version out of the registry."""

import json
import re
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select

from connections.mysql_connections import engine_for
from connections.tables import predictions
from readmission.clock import now
from readmission.features import BY_NAME, FIELDS, NUMBERS, ORIGINAL_FIELDS, complete_request, model_row
from readmission.model.forest import positive
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.servers import api_log

ORIGINAL = {field.name: field.default for field in ORIGINAL_FIELDS}
ANSWER = [
    "prediction",
    "label",
    "probability",
    "threshold",
    "model_name",
    "model_version",
    "prediction_id",
    "dataset",
    "logged",
]
CLOSED_OR_OPEN = [field for field in FIELDS if field.kind == "category"]


def predict(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.http.post("/predict", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def by_the_pipeline(api: Api, body: dict[str, Any]) -> float:
    rows = pd.DataFrame([model_row(complete_request(body))])
    return float(positive(api.registered.pipeline, rows)[0])


def row(api: Api, prediction_id: str) -> Any:
    found = select(predictions).where(predictions.c.prediction_id == prediction_id)
    with engine_for(api.settings, "RAW_DATA").connect() as connection:
        return connection.execute(found).one()


def test_the_20_original_fields_are_answered_as_the_pipeline_scores_them(api: Api) -> None:
    answer = predict(api, ORIGINAL)
    assert list(answer) == ANSWER
    assert answer["probability"] == pytest.approx(by_the_pipeline(api, ORIGINAL), abs=1e-6)
    assert answer["threshold"] == pytest.approx(api.registered.pipeline["forest"].threshold_)
    assert (answer["model_name"], answer["model_version"]) == (api.settings.model_name, api.registered.version)
    assert answer["dataset"] == "synthetic"


def test_a_body_without_fields_is_the_default_encounter(api: Api) -> None:
    assert predict(api, {})["probability"] == predict(api, ORIGINAL)["probability"]


def test_the_label_and_the_prediction_follow_the_threshold(api: Api) -> None:
    seen = set()
    for stays in range(20):
        answer = predict(api, {"number_inpatient": stays})
        expected = (1, "Readmitido") if answer["probability"] >= answer["threshold"] else (0, "No Readmitido")
        assert (answer["prediction"], answer["label"]) == expected
        seen.add(expected)
    assert len(seen) == 2


@pytest.mark.parametrize("field", CLOSED_OR_OPEN, ids=lambda field: field.name)
def test_every_category_is_answered_as_the_pipeline_scores_it(api: Api, field: Any) -> None:
    for category in field.vocabulary:
        body = {field.name: category}
        assert predict(api, body)["probability"] == pytest.approx(by_the_pipeline(api, body), abs=1e-6), category


@pytest.mark.parametrize("name", NUMBERS)
def test_the_ends_of_every_range_are_answered_and_what_is_beyond_is_refused(api: Api, name: str) -> None:
    field = BY_NAME[name]
    assert field.minimum is not None and field.maximum is not None
    for good in (field.minimum, field.maximum):
        assert predict(api, {name: good})["probability"] == pytest.approx(by_the_pipeline(api, {name: good}), abs=1e-6)
    for bad in (field.minimum - 1, field.maximum + 1):
        answer = api.http.post("/predict", json={name: bad})
        assert answer.status_code == 422
        (refusal,) = answer.json()["error"]["fields"]
        assert (refusal["field"], refusal["allowed"]) == (name, field.allowed)


def test_a_raw_code_decides_its_group(api: Api) -> None:
    answer = predict(api, {"discharge_code": 3})
    inputs = row(api, answer["prediction_id"]).inputs
    assert (inputs["discharge_code"], inputs["discharge_disposition_id"]) == ("3", "Otro")


def test_every_answer_is_a_row_with_the_complete_request(api: Api) -> None:
    sent: dict[str, Any] = {"age": 82, "insulin": "Up", "diag_1": "428", "encounter_ref": "planta-7/ñ"}
    answer = predict(api, sent)
    logged = row(api, answer["prediction_id"])
    assert logged.inputs == complete_request(sent)
    assert logged.encounter_ref == "planta-7/ñ"
    for name in ("prediction", "probability", "threshold", "model_name", "model_version", "dataset"):
        assert getattr(logged, name) == answer[name], name
    age = now() - logged.created_at
    assert timedelta(0) <= age < timedelta(minutes=1)


def test_a_refused_request_is_no_row(api: Api) -> None:
    before = api.http.get("/predictions").json()["predictions"][0]
    assert api.http.post("/predict", json={"age": 121}).status_code == 422
    assert api.http.get("/predictions").json()["predictions"][0] == before


def test_predictions_are_listed_newest_first(api: Api) -> None:
    ids = [predict(api, {"encounter_ref": str(turn)})["prediction_id"] for turn in range(3)]
    listed = api.http.get("/predictions", params={"limit": 2}).json()["predictions"]
    assert [entry["prediction_id"] for entry in listed] == ids[:0:-1]
    assert listed[0]["inputs"] == complete_request({"encounter_ref": "2"})
    assert listed[0]["created_at"].endswith("Z")


def test_a_list_has_20_predictions_unless_it_is_told(api: Api) -> None:
    for _ in range(21):
        predict(api, {})
    assert len(api.http.get("/predictions").json()["predictions"]) == 20
    assert len(api.http.get("/predictions", params={"limit": 21}).json()["predictions"]) == 21


def test_the_log_has_one_line_a_prediction_and_no_patient(api: Api) -> None:
    answer = predict(api, {"encounter_ref": "secreto-1234", "medical_specialty": "Cardiology"})
    lines = [line for line in api_log(api.settings).splitlines() if answer["prediction_id"] in line]
    (told,) = map(json.loads, lines)
    assert told["message"] == f"1 predictions by version {answer['model_version']} logged in the database"
    assert told["answers"][0]["prediction_id"] == answer["prediction_id"] and told["answers"][0]["ms"] > 0
    assert "secreto" not in api_log(api.settings) and "Cardiology" not in api_log(api.settings)


def test_the_documentation_needs_nothing_from_another_host(api: Api) -> None:
    page = api.http.get("/docs")
    assert page.status_code == 200
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert any(file.endswith("swagger-ui-bundle.js") for file in files)
    for file in files:
        assert file.startswith("/")
        assert len(api.http.get(file).content) > 1_000
