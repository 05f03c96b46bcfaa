"""The service under many requests at once: shared commits, ids, figures, a full queue, a stop in the middle."""

import json
import re
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from connections.settings import Settings
from readmission.local import serving
from tests.conftest import Poll
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.servers import api_log, running, wait_for

AT_ONCE = 64
_MANY = httpx.Limits(max_connections=AT_ONCE + 1, max_keepalive_connections=AT_ONCE + 1)


class Served(NamedTuple):
    """A service, a client of it and its process."""

    http: httpx.Client
    settings: Settings
    process: "subprocess.Popen[bytes]"

    def figure(self, name: str) -> float:
        """What it measured."""
        return _figure(self.http.get("/metrics").text, name)


@contextmanager
def served(api: Api, place: int, **changes: Any) -> Iterator[Served]:
    """Another service on the same stores that waits long for the database, with settings of its own."""
    own = {"port_offset": api.settings.port_offset + place, "log_wait_seconds": 60, **changes}
    settings = api.settings.model_copy(update=own)
    with (
        running(serving.api(settings), settings) as process,
        httpx.Client(base_url=settings.url("api"), timeout=60, trust_env=False, limits=_MANY) as http,
    ):
        wait_for(lambda: http.get("/health/ready").is_success)
        yield Served(http, settings, process)


@contextmanager
def many(service: Served, body: dict[str, Any], number: int) -> Iterator[list["Future[httpx.Response]"]]:
    """So many predictions at once, which wait when it yields: nobody can write to the database until the block ends."""
    with ThreadPoolExecutor(number) as pool, locked(service.settings):
        sent = [pool.submit(service.http.post, "/predict", json=body) for _ in range(number)]
        wait_for(lambda: service.figure("readmission_requests_in_flight") >= number)
        yield sent


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
    with served(api, 40) as service:
        with many(service, {}, AT_ONCE) as sent:
            pass
        answers = [each.result() for each in sent]
        assert Counter(answer.status_code for answer in answers) == {200: AT_ONCE}
        identifiers = {answer.json()["prediction_id"] for answer in answers}
        assert len(identifiers & _rows(api.settings).keys()) == AT_ONCE
        assert 2 <= service.figure("readmission_group_size_count") <= 4
        assert service.figure("readmission_group_size_sum") == AT_ONCE


def test_alive_is_answered_while_predictions_wait_for_the_database(api: Api) -> None:
    with served(api, 41) as service:
        with many(service, {}, AT_ONCE) as sent:
            seconds = [service.http.get("/health/live").elapsed.total_seconds() for _ in range(5)]
        assert sorted(seconds)[2] < 0.5
        assert {each.result().status_code for each in sent} == {200}


def test_a_full_queue_says_when_to_come_again(api: Api) -> None:
    with served(api, 42, queue_limit=2) as service:
        with many(service, {}, 2) as sent:
            busy = service.http.post("/predict", json={})
        assert {each.result().status_code for each in sent} == {200}
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "1")
        assert busy.json() == {
            "error": {"code": "busy", "message": "2 predictions wait already; send this one again a moment later"}
        }
        assert service.http.post("/predict", json={}).status_code == 200


def test_a_stop_answers_what_was_accepted(api: Api) -> None:
    with served(api, 43) as service:
        with many(service, {}, 8) as sent:
            service.process.send_signal(signal.SIGTERM)
        answers = [each.result() for each in sent]
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.json()["prediction_id"] for answer in answers} <= _rows(service.settings).keys()
        assert service.process.wait(timeout=30) == -signal.SIGTERM


def test_two_workers_answer_and_add_up_their_figures(api: Api) -> None:
    with served(api, 44, api_workers=2) as service:
        with ThreadPoolExecutor(8) as pool:
            sent = [pool.submit(service.http.post, "/predict", json={}) for _ in range(200)]
        answers = [each.result() for each in sent]
        answered = {answer.json()["prediction_id"] for answer in answers if answer.status_code == 200}
        assert answered <= _rows(service.settings).keys()
        # The other worker may still be loading the model.
        assert {answer.status_code for answer in answers} <= {200, 503} and len(answered) >= 50
        assert service.figure('readmission_requests_total{route="/predict",status="200"}') == len(answered)


@pytest.mark.parametrize("sent", ["ward-7.2291:a_B", None, "with space", "x" * 65, "é"])
def test_every_answer_has_a_request_id_and_the_row_keeps_it(api: Api, sent: str | None) -> None:
    headers = {} if sent is None else {b"X-Request-ID": sent.encode()}
    answer = api.http.post("/predict", json={}, headers=headers)
    told = answer.headers["x-request-id"]
    assert (told == sent) == (sent == "ward-7.2291:a_B")
    assert _rows(api.settings)[answer.json()["prediction_id"]] == told
    refused = api.http.post("/predict", json={"age": 121}, headers={"X-Request-ID": "refused-1"})
    assert refused.headers["x-request-id"] == "refused-1"


def test_the_log_is_json_and_names_the_request_and_no_patient(api: Api, poll: Poll) -> None:
    body = {"encounter_ref": "secreto-1234", "medical_specialty": "Cardiology"}
    answer = api.http.post("/predict", json=body, headers={"X-Request-ID": "of-the-log"})
    api.http.post("/predict", json={"diag_1": "secreta"}, headers={"X-Request-ID": "of-the-refusal"})
    # An answer leaves before its line is written.
    poll(lambda: "of-the-refusal" in api_log(api.settings), deadline=10)
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
    of_the_sent = 'readmission_field_missing_total{field="payer_code"}'
    assert _or_0(after, of_the_sent) == _or_0(before, of_the_sent)
    assert _figure(after, f'readmission_model_age_seconds{{version="{answer["model_version"]}"}}') > 0
    assert "secreto" not in after


def _or_0(text: str, name: str) -> float:
    return _figure(text, name) if name in text else 0
