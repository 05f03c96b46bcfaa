"""The service under many requests at once: shared commits, ids, figures, a full queue, a stop in the middle."""

import json
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from connections.settings import Settings
from readmission.local import serving
from tests.conftest import Poll
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.servers import api_log, running, wait_for

AT_ONCE = 64


def _predict(settings: Settings, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{settings.url('api')}/predict", json=body, timeout=60, trust_env=False)


def _rows(settings: Settings) -> dict[str, str | None]:
    """The request id of each prediction in the table."""
    with closing(sqlite3.connect(_file(settings))) as connection:
        return dict(connection.execute("SELECT prediction_id, request_id FROM predictions"))


def _file(settings: Settings) -> Path:
    return settings.state_dir / "databases/RAW_DATA.db"


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Nobody else writes to the database for the block."""
    with closing(sqlite3.connect(_file(settings), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def _figure(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"no {name} in\n{text}"
    return float(found[1])


def test_requests_that_wait_together_share_a_commit(api: Api) -> None:
    before = api.http.get("/metrics").text
    with ThreadPoolExecutor(AT_ONCE) as pool, locked(api.settings):
        sent = [pool.submit(_predict, api.settings, {"encounter_ref": f"at-once-{n}"}) for n in range(AT_ONCE)]
        wait_for(lambda: _figure(api.http.get("/metrics").text, "readmission_requests_in_flight") >= AT_ONCE)
    answers = [each.result() for each in sent]
    assert Counter(answer.status_code for answer in answers) == {200: AT_ONCE}
    identifiers = [answer.json()["prediction_id"] for answer in answers]
    assert len({*identifiers} & _rows(api.settings).keys()) == AT_ONCE
    after = api.http.get("/metrics").text
    groups = _figure(after, "readmission_group_size_count") - _group_count(before)
    assert 1 <= groups <= 4


def _group_count(text: str) -> float:
    return _figure(text, "readmission_group_size_count")


@pytest.mark.parametrize("sent", ["ward-7.2291:a_B", None, "with space", "x" * 65, "é"])
def test_every_answer_has_a_request_id_and_the_row_keeps_it(api: Api, sent: str | None) -> None:
    headers = {} if sent is None else {"X-Request-ID": sent.encode()}
    answer = api.http.post("/predict", json={}, headers=headers)
    told = answer.headers["x-request-id"]
    assert (told == sent) == (sent == "ward-7.2291:a_B")
    assert _rows(api.settings)[answer.json()["prediction_id"]] == told
    refused = api.http.post("/predict", json={"age": 121}, headers={"X-Request-ID": "refused-1"})
    assert refused.headers["x-request-id"] == "refused-1"


def test_the_log_is_json_and_names_the_request_and_no_patient(api: Api) -> None:
    body = {"encounter_ref": "secreto-1234", "medical_specialty": "Cardiology"}
    answer = api.http.post("/predict", json=body, headers={"X-Request-ID": "of-the-log"})
    api.http.post("/predict", json={"diag_1": "secreta"}, headers={"X-Request-ID": "of-the-refusal"})
    lines = [json.loads(line) for line in api_log(api.settings).splitlines()]
    (told,) = [line for line in lines if "of-the-log" in json.dumps(line)]
    assert told["message"] == f"1 predictions by version {api.registered.version} logged in the database"
    (of_it,) = told["answers"]
    assert (of_it["request_id"], of_it["prediction_id"]) == ("of-the-log", answer.json()["prediction_id"])
    assert of_it["ms"] > 0
    (refused,) = [line for line in lines if line.get("request_id") == "of-the-refusal"]
    assert (refused["level"], refused["message"]) == ("INFO", "POST /predict answered 422")
    assert "secret" not in api_log(api.settings) and "Cardiology" not in api_log(api.settings)


def test_figures_tell_outcomes_probabilities_and_what_fields_lacked(api: Api) -> None:
    before = api.http.get("/metrics").text
    answer = api.http.post("/predict", json={"medical_specialty": "Ufology", "payer_code": "MC"}).json()
    api.http.post("/predict", json={"age": 121})
    api.http.get("/nowhere/secreto")
    after = api.http.get("/metrics").text
    grown = {
        'readmission_requests_total{route="/predict",status="200"}': 1,
        'readmission_requests_total{route="/predict",status="422"}': 1,
        'readmission_requests_total{route="other",status="404"}': 1,
        f'readmission_probability_count{{version="{answer["model_version"]}"}}': 1,
        'readmission_field_missing_total{field="diag_1"}': 1,
        'readmission_field_out_of_vocabulary_total{field="medical_specialty"}': 1,
    }
    assert {name: _figure(after, name) - _or_0(before, name) for name in grown} == grown
    assert 'readmission_field_missing_total{field="payer_code"}' not in after.replace(before, "")
    assert _figure(after, f'readmission_model_age_seconds{{version="{answer["model_version"]}"}}') > 0
    assert "secreto" not in after


def _or_0(text: str, name: str) -> float:
    return _figure(text, name) if name in text else 0


def test_alive_is_answered_while_the_database_is_locked(api: Api, poll: Poll) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool, locked(api.settings):
        sent = [pool.submit(_predict, api.settings, {}) for _ in range(AT_ONCE)]
        poll(lambda: _figure(api.http.get("/metrics").text, "readmission_requests_in_flight") >= AT_ONCE)
        seconds = [api.http.get("/health/live").elapsed.total_seconds() for _ in range(5)]
        assert sorted(seconds)[2] < 0.5
    assert {each.result().status_code for each in sent} == {200}


def test_a_full_queue_says_when_to_come_again(api: Api) -> None:
    settings = api.settings.model_copy(update={"queue_limit": 2, "port_offset": api.settings.port_offset + 40})
    service = serving.api(settings)
    with running(service, settings):
        wait_for(lambda: httpx.get(f"{settings.url('api')}/health/ready", trust_env=False).is_success)
        with ThreadPoolExecutor(12) as pool, locked(settings):
            answers = [each.result() for each in [pool.submit(_predict, settings, {}) for _ in range(12)]]
    by_status = Counter(answer.status_code for answer in answers)
    assert by_status[429] >= 8 and by_status[200] >= 2 and by_status.total() == by_status[429] + by_status[200]
    busy = next(answer for answer in answers if answer.status_code == 429)
    assert busy.headers["retry-after"] == "1"
    assert busy.json() == {
        "error": {"code": "busy", "message": "2 predictions wait already; send this one again a moment later"}
    }


def test_a_stop_answers_what_was_accepted(api: Api) -> None:
    settings = api.settings.model_copy(update={"port_offset": api.settings.port_offset + 41})
    with running(serving.api(settings), settings) as process:
        wait_for(lambda: httpx.get(f"{settings.url('api')}/health/ready", trust_env=False).is_success)
        with ThreadPoolExecutor(8) as pool, locked(settings):
            sent = [pool.submit(_predict, settings, {"encounter_ref": f"stop-{n}"}) for n in range(8)]
            metrics = f"{settings.url('api')}/metrics"
            wait_for(lambda: _figure(httpx.get(metrics, trust_env=False).text, "readmission_requests_in_flight") >= 8)
            process.send_signal(signal.SIGTERM)
        answers = [each.result() for each in sent]
        assert process.wait(timeout=30) == 0
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["prediction_id"] for answer in answers} <= _rows(settings).keys()


def test_two_workers_answer_and_add_up_their_figures(api: Api) -> None:
    settings = api.settings.model_copy(update={"api_workers": 2, "port_offset": api.settings.port_offset + 42})
    service = serving.api(settings)
    with running(service, settings):
        wait_for(lambda: httpx.get(f"{settings.url('api')}/health/ready", trust_env=False).is_success)
        with ThreadPoolExecutor(8) as pool:
            answers = [each.result() for each in [pool.submit(_predict, settings, {}) for _ in range(200)]]
        wait_for(lambda: all(_predict(settings, {}).status_code == 200 for _ in range(5)))
        figures = httpx.get(f"{settings.url('api')}/metrics", trust_env=False).text
    identifiers = {answer.json()["prediction_id"] for answer in answers if answer.status_code == 200}
    assert identifiers <= _rows(settings).keys() and len(identifiers) >= 100
    assert _figure(figures, 'readmission_requests_total{route="/predict",status="200"}') >= len(identifiers)
