"""Risks with their reasons and what-ifs, over HTTP: they add up, they are logged or not, and are told in words."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.features import MODEL_FIELDS, complete_request
from readmission.inference import REASONS_FILE
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.served import register_served, write_served
from tests.integration.app_back.servers import own_settings, running_api, wait_for
from tests.integration.app_back.test_api_predictions import ANSWER, row

SENT: dict[str, Any] = {"age": 82, "number_inpatient": 4, "discharge_code": 6, "diag_1": "428", "insulin": "Up"}


def asked(api: Api, path: str, body: dict[str, Any], **params: str) -> dict[str, Any]:
    answer = api.http.post(path, json=body, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rows(settings: Settings) -> int:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return int(connection.execute(select(func.count()).select_from(predictions)).scalar_one())


def test_what_every_field_adds_is_the_answered_risk(api: Api) -> None:
    for stays in range(0, 20, 3):
        answer = asked(api, "/explain", SENT | {"number_inpatient": stays})
        added = sum(each["contribution"] for each in answer["contributions"])
        assert abs(answer["reasons"]["base"] + added - answer["probability"]) < 1e-9
        assert {each["field"] for each in answer["contributions"]} == {f.name for f in MODEL_FIELDS if not f.history}


def test_the_risk_is_that_of_a_plain_prediction(api: Api) -> None:
    plain = asked(api, "/predict", SENT)
    assert list(plain) == ANSWER
    for explained in (asked(api, "/predict", SENT, explain="true"), asked(api, "/explain", SENT)):
        assert list(explained)[: len(ANSWER) + 1] == [*ANSWER, "reasons"]
        same = ("prediction", "label", "probability", "threshold", "model_name", "model_version", "dataset", "logged")
        assert {name: explained[name] for name in same} == {name: plain[name] for name in same}
    assert list(asked(api, "/predict", SENT, explain="false")) == ANSWER


def test_the_reasons_are_the_five_largest_each_way(api: Api) -> None:
    answer = asked(api, "/explain", SENT)
    every, reasons = answer["contributions"], answer["reasons"]
    sizes = [abs(each["contribution"]) for each in every]
    assert sizes == sorted(sizes, reverse=True)
    assert reasons["raises"] == [each for each in every if each["contribution"] > 0][:5]
    assert reasons["lowers"] == [each for each in every if each["contribution"] < 0][:5]
    # The forest was made so that the risk grows with earlier stays.
    for stays, way in ((18, "raises"), (0, "lowers")):
        assert asked(api, "/explain", {"number_inpatient": stays})["reasons"][way][0]["field"] == "number_inpatient"


@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_an_explained_risk_is_a_row_as_any_other(api: Api, path: str) -> None:
    answer = asked(api, path, SENT | {"encounter_ref": "planta-7"}, explain="true")
    logged = row(api, answer["prediction_id"])
    assert logged.inputs == complete_request(SENT | {"discharge_code": "6", "encounter_ref": "planta-7"})
    assert (logged.probability, logged.prediction) == (answer["probability"], answer["prediction"])


def test_names_and_values_are_in_the_readers_language(api: Api) -> None:
    def told(answer: dict[str, Any]) -> dict[str, tuple[str, str]]:
        return {each["field"]: (each["name"], each["value"]) for each in answer["contributions"]}

    spanish, english = told(asked(api, "/explain", SENT)), told(asked(api, "/explain", SENT, language="en"))
    assert (spanish["insulin"], english["insulin"]) == (("Insulina", "Aumentada"), ("Insulin", "Up"))
    assert (spanish["diag_1"][1], english["diag_1"][1]) == ("Insuficiencia cardiaca", "Heart failure")
    assert (spanish["payer_code"][1], english["payer_code"][1]) == ("Sin dato", "Not recorded")
    assert spanish["number_inpatient"][1] == "4" and english["discharge_disposition_id"][1] == "Home"
    accepted = api.http.post("/explain", json=SENT, headers={"Accept-Language": "en-GB,es;q=0.5"}).json()
    assert told(accepted) == english


def test_another_value_of_a_parameter_is_refused_and_no_row(api: Api) -> None:
    before = rows(api.settings)
    for path, params, name in (("/predict", {"explain": "1"}, "explain"), ("/explain", {"language": "de"}, "language")):
        answer = api.http.post(path, json={}, params=params)
        assert answer.status_code == 422
        (refusal,) = answer.json()["error"]["fields"]
        assert refusal["field"] == name and " or " in refusal["allowed"]
    assert api.http.post("/explain", json={"age": 121}).status_code == 422
    assert rows(api.settings) == before


def test_a_what_if_is_the_risk_that_the_changed_encounter_would_have_and_no_row(api: Api) -> None:
    before = rows(api.settings)
    answer = asked(api, "/what-if", SENT, language="en")
    assert rows(api.settings) == before
    assert answer["hypothetical"] is True and "probability" not in answer and "prediction_id" not in answer
    fields = {each["field"] for each in answer["variants"]}
    assert fields == {"discharge_code", "change", "diabetesMed", "insulin", "metformin"}
    for each in answer["variants"]:
        assert str(SENT.get(each["field"])) != each["category"]
        changed = asked(api, "/predict", SENT | {each["field"]: each["category"]})
        assert changed["probability"] == each["probability"], each


def test_without_a_raw_code_the_group_is_what_may_change(api: Api) -> None:
    variants = asked(api, "/what-if", {})["variants"]
    assert [each["category"] for each in variants if each["field"] == "discharge_disposition_id"] == ["Otro"]
    assert "discharge_code" not in {each["field"] for each in variants}


def test_a_version_without_reasons_serves_and_says_that_it_cannot_explain(
    stores: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("before")
    settings = own_settings(stores, folder, "without_reasons")
    served = write_served(folder / "served", seed=1)
    (served / REASONS_FILE).unlink()
    version = register_served(settings, served, folder / "scratch").version
    with running_api(settings) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        assert http.post("/predict", json={}).status_code == 200
        before = rows(settings)
        for path in ("/explain", "/predict?explain=true"):
            refused = http.post(path, json={})
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_reasons")
            assert f"version {version}" in refused.json()["error"]["message"]
        assert rows(settings) == before
        assert http.post("/what-if", json={}).status_code == 200
