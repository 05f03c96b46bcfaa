"""Whatever a client may send to /predict is answered in the one error shape, and never with a 500."""

import gzip
from collections.abc import Iterator

import httpx
import pytest

from app_back.main import create_app
from connections.settings import Settings
from readmission.features import FIELDS, Field
from readmission.storage.databases import initialise
from tests.unit.app_back.test_error_shape import JSON, NOBODY_LISTENS, served

DIGITS = "9" * 500
HOSTILE_VALUES = (
    "null", "true", "[]", "{}", "[[[[1]]]]", '{"a": {"b": []}}', "NaN", "-Infinity", "1e999", "-0.0", "1e-400",
    DIGITS, f"-{DIGITS}", f"{DIGITS}.5", '""', '" "', '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"\\u202e"',
    '"\\u001b[31m"', '"' + "x" * 500 + '"', '"' + "\N{PILE OF POO}" * 65 + '"', "3.7", '"3.7"', "1", '"1"',
    "[" * 300 + "]" * 300,
)  # fmt: skip
UNREADABLE = (
    ('{"race": "Médico"}'.encode("latin-1"), "the body is not UTF-8 text (byte 12); send JSON in UTF-8"),
    ('{"age": 65}'.encode("utf-16"), "the body is not UTF-8 text (byte 1); send JSON in UTF-8"),
    (b'{"encounter_ref": "\xed\xa0\x80"}', "the body is not UTF-8 text (byte 20); send JSON in UTF-8"),
    (b'{"age": 20, "age": 90}', "the body has the field 'age' twice; send it once"),
    (b'{"\\ud800": 1, "\\ud800": 2}', "the body has the field '\\ud800' twice; send it once"),
    (b"[" * 60_000, "the body is nested too deeply; send one JSON object of fields"),
    (b'{"age":' * 9_000, "the body is nested too deeply; send one JSON object of fields"),
    (b'{"age": ' + b"9" * 5_000 + b"}", "the body holds a number of too many digits"),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a service with a database and no model."""
    settings = Settings(api_auth="off", state_dir=tmp_path_factory.mktemp("api"), mlflow_tracking_uri=NOBODY_LISTENS)
    initialise(settings)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
            patch.setenv(name, "1")
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        yield from served(create_app(settings))


def error_of(answer: httpx.Response) -> dict[str, object]:
    """The error of an answer, whose shape is checked on the way."""
    assert list(answer.json()) == ["error"]
    error: dict[str, object] = answer.json()["error"]
    assert list(error)[:2] == ["code", "message"]
    assert str(error["message"]).isprintable()
    return error


@pytest.mark.parametrize(("body", "message"), UNREADABLE, ids=[message[:40] for _, message in UNREADABLE])
def test_400_says_in_one_line_why_a_body_cannot_be_read(client: httpx.Client, body: bytes, message: str) -> None:
    answer = client.post("/predict", content=body, headers=JSON)
    assert answer.status_code == 400
    assert error_of(answer) == {"code": "bad_request", "message": message}


def test_400_for_a_compressed_body(client: httpx.Client) -> None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    answer = client.post("/predict", content=gzip.compress(b'{"age": 65}'), headers=headers)
    assert answer.status_code == 400
    assert error_of(answer)["message"] == "the body is compressed ('gzip'); send it as it is"


def test_a_byte_order_mark_is_read_over(client: httpx.Client) -> None:
    answer = client.post("/predict", content=b'\xef\xbb\xbf{"age": 121}', headers=JSON)
    assert (answer.status_code, answer.json()["error"]["fields"][0]["field"]) == (422, "age")


@pytest.mark.parametrize("value", HOSTILE_VALUES, ids=lambda value: value[:12])
def test_no_value_of_the_fields_is_a_500(client: httpx.Client, value: str) -> None:
    body = ", ".join(f'"{field.name}": {value}' for field in FIELDS)
    answer = client.post("/predict", content=f"{{{body}}}", headers=JSON)
    assert answer.status_code == 422, answer.text
    error = error_of(answer)
    assert isinstance(error["fields"], list)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/json", "multipart/form-data", "application/xml", "x", "application/json;charset=\xff"],
)
def test_another_content_type_is_told_which_is_read(client: httpx.Client, content_type: str) -> None:
    answer = client.post("/predict", content=b"{}", headers={b"Content-Type": content_type.encode("latin-1")})
    assert answer.status_code in (400, 422, 503)
    error_of(answer)


def test_no_part_of_a_day_is_cut(client: httpx.Client) -> None:
    for sent in (3.7, "3", "3.0", "3.7"):
        answer = client.post("/predict", json={"time_in_hospital": sent})
        (refusal,) = answer.json()["error"]["fields"]
        assert (refusal["field"], refusal["allowed"]) == ("time_in_hospital", "a whole number from 1 to 14")
    assert client.post("/predict", json={"time_in_hospital": 3.0}).status_code == 503


@pytest.mark.parametrize("code", [1, "1", 1.0])
@pytest.mark.parametrize("field", [field for field in FIELDS if field.raw_code], ids=lambda field: field.name)
def test_a_raw_code_in_a_group_is_pointed_to_its_own_field(client: httpx.Client, field: Field, code: object) -> None:
    (refusal,) = client.post("/predict", json={field.name: code}).json()["error"]["fields"]
    assert refusal["message"].startswith(f"{code!r} is a raw code: send it as {field.raw_code}, or here one of ")


def test_icd10_is_told_so(client: httpx.Client) -> None:
    for code in ("I50", "E11.9", "Z79.4", "e10"):
        (refusal,) = client.post("/predict", json={"diag_1": code}).json()["error"]["fields"]
        assert refusal["message"] == f"{code!r} looks like ICD-10; this platform reads ICD-9-CM codes such as 250.02"
