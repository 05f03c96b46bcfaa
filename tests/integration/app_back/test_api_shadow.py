"""A service with a shadow answers as one without, and its log alone knows what the shadow said."""

from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from connections.model_registry import client
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.features import complete_request
from readmission.inference import Scorer, read_folder
from tests.conftest import Poll
from tests.integration.app_back.promoted import put_in_production
from tests.integration.app_back.served import register_unpromoted, write_served
from tests.integration.app_back.servers import api_log, own_settings, running_api
from tests.mlflow_admin import mlflow_admin

ALIAS = "challenger"
BODY = {"number_inpatient": 4}
PATHS = ("/predict", "/predict?explain=true", "/explain", "/what-if")


def answers(http: httpx.Client) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    """Every answer to one encounter, without what differs each time: the moment, and the row's id."""
    told = []
    for path in PATHS:
        answer = http.post(path, json=BODY, headers={"x-request-id": "one"})
        identifier = answer.json().get("prediction_id", "none").encode()
        headers = [each for each in answer.headers.multi_items() if each[0] != "date"]
        told.append((answer.status_code, headers, answer.content.replace(identifier, b"the id")))
    return told


def logged(settings: Settings) -> list[tuple[str | None, float | None, float | None]]:
    """What each row tells of the shadow, in the order in which they were logged."""
    columns = predictions.c.shadow_version, predictions.c.shadow_probability, predictions.c.shadow_threshold
    with engine_for(settings, "RAW_DATA").connect() as connection:
        rows = connection.execute(select(*columns).order_by(predictions.c.created_at, predictions.c.prediction_id))
        return [(row[0], row[1], row[2]) for row in rows]


def test_answers_are_the_same_and_every_logged_prediction_tells_of_the_shadow(
    stores: Settings, tmp_path: Path, poll: Poll
) -> None:
    settings = own_settings(stores, tmp_path, "sombra").model_copy(update={"shadow_alias": ALIAS})
    folders = [write_served(tmp_path / f"files{seed}", seed) for seed in (1, 2)]
    first, second = (register_unpromoted(settings, folder, tmp_path / f"{folder.name}.logged") for folder in folders)
    put_in_production(settings, first)
    with running_api(settings) as http:
        poll(lambda: http.get("/health/ready").status_code == 200)
        poll(lambda: http.get("/model").json()["shadow_problem"])
        told = http.get("/model").json()
        assert told["shadow_version"] is None
        assert told["shadow_problem"] == f"no version of {settings.model_name} has the alias {ALIAS}"
        assert told["registry_problem"] is None
        without = answers(http)
        assert {status for status, *_ in without} == {200}
        assert logged(settings) == [(None, None, None)] * 3, "a what-if is no prediction"

        client(settings).set_registered_model_alias(settings.model_name, ALIAS, second.version)
        poll(lambda: http.get("/model").json()["shadow_version"] == second.version)
        assert http.get("/model").json()["shadow_problem"] is None
        assert answers(http) == without
        assert http.post("/predict/batch", json=[BODY] * 2).status_code == 200
        shadow = Scorer.unproven(read_folder(folders[1]))
        said = (second.version, shadow.score(complete_request(BODY)), shadow.config.threshold)
        for row in logged(settings)[3:]:
            assert row[0] == said[0]
            assert row[1:] == pytest.approx(said[1:], abs=1e-9)
        assert len(logged(settings)) == 3 + 3 + 2
        assert said[1] != pytest.approx(http.post("/predict", json=BODY).json()["probability"], abs=1e-4)
        (listed,) = http.get("/predictions", params={"limit": 1}).json()["predictions"]
        assert (listed["model_version"], listed["shadow_version"]) == (first.version, second.version)
        assert (listed["shadow_probability"], listed["shadow_threshold"]) == pytest.approx(said[1:], abs=1e-9)

        with mlflow_admin(settings) as admin:
            admin.delete_registered_model_alias(settings.model_name, ALIAS)
        poll(lambda: http.get("/model").json()["shadow_version"] is None)
        assert answers(http) == without
        assert logged(settings)[-1] == (None, None, None)
    assert api_log(settings).count("has the alias challenger; nothing is scored beside") == 2
