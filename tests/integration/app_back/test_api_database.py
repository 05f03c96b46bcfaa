"""What cannot be logged is not answered, and health tells which part is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select, text, update

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from tests.conftest import Poll
from tests.free_ports import free_offset
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.servers import api_log, running_api, wait_for


@contextmanager
def without_the_table(settings: Settings) -> Iterator[None]:
    engine = engine_for(settings, "RAW_DATA")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE predictions RENAME TO elsewhere"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO predictions"))


def rows(settings: Settings) -> int:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return connection.execute(select(func.count()).select_from(predictions)).scalar_one()


def test_while_there_is_no_table_the_journal_keeps_what_is_answered(api: Api, poll: Poll) -> None:
    before = rows(api.settings)
    with without_the_table(api.settings):
        answer = api.http.post("/predict", json={"encounter_ref": "secreto-5678"})
        listed = api.http.get("/predictions")
    assert (answer.status_code, answer.json()["logged"]) == (200, "journal")
    error = listed.json()["error"]
    assert (listed.status_code, error["code"]) == (503, "prediction_log_unavailable")
    assert error["message"].startswith("RAW_DATA.predictions could not be read: there is no table RAW_DATA.predictions")
    assert "there is no table RAW_DATA.predictions" in api_log(api.settings)
    assert "secreto" not in api_log(api.settings)
    poll(lambda: rows(api.settings) == before + 1, deadline=20)
    assert api.http.post("/predict", json={}).json()["logged"] == "database"
    assert api.http.get("/predictions").json()["waiting"] == 0
    assert rows(api.settings) == before + 2


def test_health_is_good_while_the_journal_takes_predictions(api: Api) -> None:
    well = {"status": "ok", "log": "database", "waiting": 0, "problems": []}
    assert api.http.get("/health").json() == api.http.get("/health/ready").json() == well
    with without_the_table(api.settings):
        wait_for(lambda: api.http.get("/health/ready").json()["log"] == "journal")
        assert api.http.post("/predict", json={}).json()["logged"] == "journal"
        told = api.http.get("/health").json()
        assert (told["status"], told["log"], told["waiting"]) == ("ok", "journal", 1)
        assert "no table RAW_DATA.predictions" in told["problems"][0]
        assert api.http.get("/health/live").json() == {"status": "ok"}
    wait_for(lambda: api.http.get("/health/ready").json() == well)


def test_a_row_that_somebody_damaged_leaves_the_service_healthy(api: Api) -> None:
    answered = api.http.post("/predict", json={}).json()
    changed = update(predictions).where(predictions.c.prediction_id == answered["prediction_id"])
    with engine_for(api.settings, "RAW_DATA").begin() as connection:
        connection.execute(changed.values(probability=7.0))
    assert api.http.get("/predictions?limit=1").status_code == 500
    assert api.http.get("/health/ready").status_code == 200
    assert api.http.post("/predict", json={}).status_code == 200
    with engine_for(api.settings, "RAW_DATA").begin() as connection:
        connection.execute(changed.values(probability=answered["probability"]))


def test_a_database_that_is_not_there_is_a_503(settings: Settings) -> None:
    nobody = "mysql+pymysql://api:clave-secreta@127.0.0.1:9/"
    down = Settings(**settings.model_dump() | {"database_url": nobody, "port_offset": free_offset(settings)})
    with running_api(down) as http:
        answer = http.get("/health/ready")
        assert http.get("/health/live").status_code == 200
        assert http.get("/health").status_code == 503
    assert answer.status_code == 503
    message = answer.json()["error"]["message"]
    assert "model: " in message
    assert "clave-secreta" not in answer.text + api_log(down)
