"""`POST /predict/batch`: what it answers and logs, what it refuses, and what it does under load."""

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import httpx
import polars as pl
import pytest
from sqlalchemy import select

from app_back.batch.bodies import MAX_ENCOUNTERS
from app_back.body_limit import MAX_BATCH_BYTES
from app_back.schemas import BatchResponse
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.features import DEATH_OR_HOSPICE
from readmission.scoring.choices import Options
from readmission.scoring.score import score
from tests.conftest import SyntheticCsv
from tests.free_ports import free_offset
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.servers import running_api, wait_for
from tests.integration.test_skew import request

PATH = "/predict/batch"
INVALID = "Unknown/Invalid"
ENCOUNTERS: list[dict[str, Any]] = [
    {"age": 75, "number_inpatient": 2, "discharge_code": "6", "diag_1": "428", "encounter_ref": "ward-7/2291"},
    {"age": 20, "medical_specialty": "cardiology", "insulin": "Up"},
    {"age": 75, "gender": "Male", "encounter_ref": "ward-7/2291"},
]


def as_csv(encounters: list[dict[str, Any]]) -> str:
    """The encounters with every field that one of them has."""
    names = list(dict.fromkeys(name for each in encounters for name in each))
    usual = {"gender": "Female", "number_inpatient": 0}
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerows([names, *([each.get(name, usual.get(name, "")) for name in names] for each in encounters)])
    return lines.getvalue()


def sent(http: httpx.Client, kind: str, encounters: list[dict[str, Any]], **query: str) -> httpx.Response:
    """The answer to a batch, sent in one of the kinds."""
    if kind in ("list", "object"):
        return http.post(PATH, json=encounters if kind == "list" else {"encounters": encounters}, params=query)
    body = as_csv(encounters) if kind == "csv" else "\n".join(map(json.dumps, encounters))
    media = "text/csv; charset=utf-8" if kind == "csv" else "application/x-ndjson"
    return http.post(PATH, content=body, headers={"Content-Type": media}, params=query)


def logged(settings: Settings) -> dict[str, Any]:
    """The rows of the log by their id."""
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return {row.prediction_id: row for row in connection.execute(select(predictions))}


@pytest.mark.parametrize("kind", ["list", "object", "ndjson", "csv"])
def test_a_batch_answers_what_the_single_route_does_and_logs_every_row(api: Api, kind: str) -> None:
    alone = [api.http.post("/predict", json=each).json() for each in ENCOUNTERS]
    answer = sent(api.http, kind, ENCOUNTERS)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert BatchResponse.model_validate(told).model_dump(mode="json", exclude_none=True) == told
    assert (told["model_version"], told["dataset"], told["logged"]) == (api.registered.version, "synthetic", "database")
    for one, whole in zip(told["predictions"], alone, strict=True):
        assert one["probability"] == pytest.approx(whole["probability"], abs=1e-6)
        assert (one["prediction"], one["label"]) == (whole["prediction"], whole["label"])
    rows = logged(api.settings)
    kept = [rows[one["prediction_id"]] for one in told["predictions"]]
    assert [row.encounter_ref for row in kept] == ["ward-7/2291", None, "ward-7/2291"]
    assert [row.inputs["age"] for row in kept] == [75, 20, 75]
    assert {row.request_id for row in kept} == {answer.headers["x-request-id"]}


@pytest.mark.parametrize("engine", ["onnx", "sklearn"])
@pytest.mark.parametrize("columns", ["source", "request"])
def test_a_scored_file_and_the_service_answer_the_same(
    api: Api, columns: str, engine: Literal["onnx", "sklearn"], synthetic_csv: SyntheticCsv, tmp_path: Path
) -> None:
    """The same encounters, in the source's spelling and as requests."""
    raw = pl.read_csv(synthetic_csv(1_000, 6), infer_schema=False)
    raw = raw.filter(~pl.col("discharge_disposition_id").is_in(sorted(DEATH_OR_HOSPICE)), pl.col("gender") != INVALID)
    requests = [request(row, 1) for row in raw.to_dicts()]
    (raw if columns == "source" else pl.DataFrame(requests)).write_csv(tmp_path / "in.csv")
    score(api.settings, tmp_path / "in.csv", tmp_path / "out.csv", Options(engine=engine))
    scored = pl.read_csv(tmp_path / "out.csv")["probability"].to_list()
    told = sent(api.http, "list", requests).json()["predictions"]
    assert [one["probability"] for one in told] == pytest.approx(scored, abs=1e-6)
    assert len({round(one, 6) for one in scored}) > 100


def refusal(answer: httpx.Response) -> dict[str, Any]:
    """The error of a 422, whose shape is checked on the way."""
    assert answer.status_code == 422, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert (list(answer.json()), list(error)) == (["error"], ["code", "message", "fields"])
    return error


@pytest.mark.parametrize("kind", ["list", "ndjson", "csv"])
def test_a_bad_row_refuses_all_and_is_named(api: Api, kind: str) -> None:
    before = len(logged(api.settings))
    error = refusal(sent(api.http, kind, [*ENCOUNTERS, {"age": 171, "discharge_code": "11"}]))
    assert error["message"].startswith("1 encounter is refused, nothing is logged of them: row 4: ")
    assert {(each["row"], each["field"]) for each in error["fields"]} >= {(4, "age"), (4, "discharge_code")}
    assert "death or hospice" in json.dumps(error["fields"])
    assert len(logged(api.settings)) == before


@pytest.mark.parametrize("kind", ["list", "ndjson", "csv"])
def test_errors_can_be_reported_row_by_row(api: Api, kind: str) -> None:
    answer = sent(api.http, kind, [ENCOUNTERS[0], {"age": 171}, ENCOUNTERS[2]], on_error="report")
    told = answer.json()
    assert answer.status_code == 200 and "predictions" not in told
    assert BatchResponse.model_validate(told).model_dump(mode="json", exclude_none=True) == told
    assert [result["row"] for result in told["results"]] == [1, 2, 3]
    assert ["prediction" in result for result in told["results"]] == [True, False, True]
    assert told["results"][1]["error"]["fields"][0]["field"] == "age"
    given = {told["results"][place]["prediction"]["prediction_id"] for place in (0, 2)}
    assert given <= logged(api.settings).keys()
    before = len(logged(api.settings))
    none = sent(api.http, kind, [{"age": 171}], on_error="report").json()
    assert none["logged"] is None and len(logged(api.settings)) == before


def test_only_the_first_of_many_refusals_are_listed(api: Api) -> None:
    error = refusal(sent(api.http, "list", [{"age": 171}] * 5_000))
    assert error["message"].endswith("row 20: age; and 4,980 more")
    assert len(error["fields"]) == 20


@pytest.mark.parametrize(
    ("media", "body", "status", "said"),
    [
        ("application/json", "[]", 422, "holds no encounter"),
        ("application/json", '{"encounters": []}', 422, "holds no encounter"),
        ("application/json", '{"age": 65}', 422, "is no list of encounters"),
        ("application/json", "[{]", 422, "is not valid JSON"),
        ("application/json", '[{"age": 1, "age": 2}]', 400, "has the field 'age' twice"),
        ("application/json", "[3]", 422, "is not a JSON object"),
        ("application/json", '[{"peso": 80}]', 422, "is not a field of this service"),
        ("application/x-ndjson", "\n\n", 422, "holds no encounter"),
        ("application/x-ndjson", "{}\n{", 422, "row 2: encounter"),
        ("text/csv", "age\n", 422, "holds no encounter"),
        ("text/csv", "", 422, "holds no encounter"),
        ("text/csv", "age,age\n1,2\n", 400, "has a field twice"),
        ("text/csv", "age,gender\n65\n", 422, "has 1 cells, the header 2"),
        ("text/csv", 'age\n"65\n', 400, "the body is no CSV"),
        ("text/csv", "age\n65.5\n", 422, "row 1: age"),
        ("text/plain", "[]", 422, "has none of the types of a batch"),
        ("application/json", '[{"age": 6}' + ", {}" * MAX_ENCOUNTERS + "]", 413, "at most 10,000 encounters"),
        ("application/x-ndjson", "{}\n" * (MAX_ENCOUNTERS + 1), 413, "at most 10,000 encounters"),
        ("application/json", '["' + "x" * MAX_BATCH_BYTES + '"]', 413, f"larger than {MAX_BATCH_BYTES} bytes"),
    ],
    ids=range(19),
)
def test_what_is_no_batch_is_refused_and_nothing_logged(
    api: Api, media: str, body: str, status: int, said: str
) -> None:
    before = len(logged(api.settings))
    answer = api.http.post(PATH, content=body, headers={"Content-Type": media})
    assert answer.status_code == status, answer.text
    assert said in json.dumps(answer.json()["error"])
    assert len(logged(api.settings)) == before


def test_not_utf8_and_a_wrong_parameter_are_told(api: Api) -> None:
    answer = api.http.post(PATH, content=b"age\n\xff", headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert refusal(sent(api.http, "list", [{}], on_error="skip"))["fields"][0]["allowed"] == "refuse or report"


@pytest.fixture
def own_api(api: Api, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """Another process of the service, with a limit of time of its own."""
    settings = api.settings.model_copy(update={"batch_seconds": request.param})
    settings = settings.model_copy(update={"port_offset": free_offset(settings)})
    with running_api(settings) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        yield http


@pytest.mark.parametrize("own_api", [1.0], indirect=True)
def test_a_batch_over_its_time_is_told_so_and_logs_nothing(api: Api, own_api: httpx.Client) -> None:
    before = len(logged(api.settings))

    def slowly() -> Iterator[bytes]:
        yield b"[{}"
        wait_for(lambda: own_api.get("/metrics").status_code == 0 or next(rounds) > 15)
        yield b"]"

    rounds = iter(range(100))
    answer = own_api.post(PATH, content=slowly(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "batch_too_long"
    assert "not answered within 1 s (BATCH_SECONDS)" in answer.json()["error"]["message"]
    assert len(logged(api.settings)) == before


def test_a_third_batch_at_a_time_is_told_to_come_again_and_single_ones_are_answered(api: Api) -> None:
    whole = [{"age": 40 + place % 50} for place in range(MAX_ENCOUNTERS)]
    with ThreadPoolExecutor(5) as pool:
        batches = [pool.submit(sent, api.http, "list", whole) for _ in range(5)]
        single = [api.http.post("/predict", json={}).status_code for _ in range(20)]
        answers = [batch.result() for batch in batches]
    assert set(single) == {200}
    assert {answer.status_code for answer in answers} == {200, 429}
    busy = next(answer for answer in answers if answer.status_code == 429)
    assert busy.headers["retry-after"] == "5" and busy.json()["error"]["code"] == "busy"
    done = next(answer for answer in answers if answer.status_code == 200).json()["predictions"]
    assert len({one["prediction_id"] for one in done} & logged(api.settings).keys()) == MAX_ENCOUNTERS
