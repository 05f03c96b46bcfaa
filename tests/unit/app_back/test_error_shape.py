"""Every error has one shape; these tests pin it."""

from collections.abc import Iterator
from threading import Thread

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app_back.body_limit import MAX_BODY_BYTES
from app_back.errors import BusyError
from app_back.http_protocol import PatientProtocol
from app_back.main import create_app
from connections.settings import Settings
from readmission.features import FIELDS
from readmission.storage.databases import initialise

NOBODY_LISTENS = "http://127.0.0.1:9"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a service with a database and, behind its registry's address, nobody."""
    settings = Settings(api_auth="off", state_dir=tmp_path_factory.mktemp("api"), mlflow_tracking_uri=NOBODY_LISTENS)
    initialise(settings)
    app = create_app(settings)

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("secret detail")

    @app.get("/busy")
    async def busy() -> None:
        raise BusyError(512)

    with pytest.MonkeyPatch.context() as patch:
        # The service changes these for its own process; here the process is the tests'.
        for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
            patch.setenv(name, "1")
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        yield from served(app)


def served(app: FastAPI) -> Iterator[httpx.Client]:
    """Serves the application over HTTP on a free port."""
    config = uvicorn.Config(app, port=0, log_level="critical", http=PatientProtocol, ws="none")
    server = uvicorn.Server(config)
    socket = server.config.bind_socket()
    socket.listen()  # so that the first request waits for the application
    thread = Thread(target=server.run, args=([socket],))
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{socket.getsockname()[1]}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        socket.close()


def refusals(answer: httpx.Response) -> list[dict[str, str]]:
    """The refused fields of a 422, whose shape is checked on the way."""
    assert answer.status_code == 422, answer.text
    assert list(answer.json()) == ["error"]
    error = answer.json()["error"]
    assert list(error) == ["code", "message", "fields"]
    assert error["code"] == "invalid_request"
    assert all(list(refusal) == ["field", "message", "allowed"] for refusal in error["fields"])
    fields: list[dict[str, str]] = error["fields"]
    return fields


def test_404(client: httpx.Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.json() == {"error": {"code": "not_found", "message": "Not Found"}}


def test_405(client: httpx.Client) -> None:
    answer = client.get("/predict")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json() == {"error": {"code": "method_not_allowed", "message": "Method Not Allowed"}}


def test_500_tells_nothing_of_the_inside(client: httpx.Client) -> None:
    answer = client.get("/broken")
    assert answer.status_code == 500
    assert answer.json() == {
        "error": {"code": "internal_error", "message": "the service failed; its log has the details"}
    }
    assert answer.headers["connection"] == "close"


def test_429_says_when_to_come_again(client: httpx.Client) -> None:
    answer = client.get("/busy")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    message = "512 predictions wait already; send this one again a moment later"
    assert answer.json() == {"error": {"code": "busy", "message": message}}


def test_422_names_every_refused_field_and_what_it_allows(client: httpx.Client) -> None:
    found = refusals(client.post("/predict", json={"age": 121, "gender": "X"}))
    assert found == [
        {"field": "gender", "message": "Input should be 'Female' or 'Male'", "allowed": "one of Female, Male"},
        {
            "field": "age",
            "message": "Input should be less than or equal to 120",
            "allowed": "a whole number from 0 to 120",
        },
    ]


def test_422_says_why_death_cannot_be_predicted(client: httpx.Client) -> None:
    (found,) = refusals(client.post("/predict", json={"discharge_code": 11}))
    assert found["field"] == "discharge_code"
    assert "death or hospice: such an encounter cannot be readmitted" in found["message"]
    assert found["allowed"].startswith("one of 1, 2, 3,")


def test_422_for_a_diagnosis_speaks_the_words_of_the_contract(client: httpx.Client) -> None:
    (found,) = refusals(client.post("/predict", json={"diag_2": "flu"}))
    assert found["message"] == "'flu' is not an ICD-9 code such as 250.83, 428 or V57"


def test_422_for_an_unknown_field_says_the_known_ones(client: httpx.Client) -> None:
    (found,) = refusals(client.post("/predict", json={"peso": 80}))
    assert found["field"] == "peso"
    assert found["allowed"] == f"the fields {', '.join(field.name for field in FIELDS)}"


def test_422_shows_a_hostile_name_short_and_printable(client: httpx.Client) -> None:
    hostile = ('{"\\ud800": 1}', '{"a\\u0000\\u202e": 1}', f'{{"{"x" * 9_000}": 1}}')
    for body in hostile:
        answer = client.post("/predict", content=body, headers=JSON)
        (found,) = refusals(answer)
        assert found["field"].isprintable() and len(found["field"]) < 100


@pytest.mark.parametrize("body", ["", "[]", "3", "null", "{", '{"age": 65', "\x00"])
def test_422_for_what_is_no_json_object(client: httpx.Client, body: str) -> None:
    (found,) = refusals(client.post("/predict", content=body, headers=JSON))
    assert found["field"] == "body"
    assert found["allowed"] == "a JSON object of fields, sent with Content-Type: application/json"


def test_422_for_json_without_its_content_type(client: httpx.Client) -> None:
    answer = client.post("/predict", content="{}", headers={"Content-Type": "application/x-www-form-urlencoded"})
    (found,) = refusals(answer)
    assert "Content-Type: application/json" in found["allowed"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 300, "true", '"65"', "65.5"])
def test_422_for_numbers_that_are_none(client: httpx.Client, number: str) -> None:
    answer = client.post("/predict", content=f'{{"age": {number}}}', headers=JSON)
    assert [found["field"] for found in refusals(answer)] == ["age"]


def test_400_for_a_number_that_cannot_be_read(client: httpx.Client) -> None:
    answer = client.post("/predict", content=f'{{"age": {"9" * 5_000}}}', headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"


def test_422_when_two_fields_contradict_each_other(client: httpx.Client) -> None:
    body = {"discharge_code": 6, "discharge_disposition_id": "Otro"}
    (found,) = refusals(client.post("/predict", json=body))
    assert found["field"] == "discharge_disposition_id"
    assert "contradicts discharge_code '6'" in found["message"]


@pytest.mark.parametrize("limit", ["0", "1001", "x", "1.5", ""])
def test_422_for_a_limit_out_of_range(client: httpx.Client, limit: str) -> None:
    (found,) = refusals(client.get("/predictions", params={"limit": limit}))
    assert (found["field"], found["allowed"]) == ("limit", "a whole number from 1 to 1000")


@pytest.mark.parametrize("declared", [True, False])
def test_413_for_a_body_that_is_no_encounter(client: httpx.Client, declared: bool) -> None:
    body = b'{"encounter_ref": "' + b"x" * MAX_BODY_BYTES + b'"}'
    content = body if declared else iter([body[:100], body[100:]])
    answer = client.post("/predict", content=content, headers=JSON)
    assert answer.status_code == 413
    assert answer.json() == {
        "error": {"code": "body_too_large", "message": f"the body is larger than {MAX_BODY_BYTES} bytes"}
    }


def test_503_without_a_model_says_what_to_do(client: httpx.Client) -> None:
    for answer in (client.post("/predict", json={}), client.get("/model")):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "10"
        assert list(answer.json()["error"]) == ["code", "message"]
        assert answer.json()["error"]["code"] == "no_model"


def test_openapi_declares_the_shape_and_shows_examples(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    post = schema["paths"]["/predict"]["post"]
    for status in ("422", "503"):
        shape = post["responses"][status]["content"]["application/json"]["schema"]
        assert shape == {"$ref": "#/components/schemas/ErrorResponse"}
    assert "HTTPValidationError" not in schema["components"]["schemas"]
    assert set(post["requestBody"]["content"]["application/json"]["examples"]) == {
        "original",
        "rich",
        "empty",
        "refused",
    }


def test_the_root_leads_to_the_documentation(client: httpx.Client) -> None:
    answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
    assert client.get("/docs").status_code == 200
