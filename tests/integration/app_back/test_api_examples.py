"""Each example of /docs is what the service answers: errors word by word, figures by what they are."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from app_back.body_limit import MAX_BODY_BYTES
from connections.settings import Settings
from tests.integration.app_back.registry import register
from tests.integration.app_back.servers import own_settings, running_api, wait_for
from tests.integration.app_back.test_api_database import without_the_table

JSON = {"Content-Type": "application/json"}


class Documentation:
    """The examples in a running service's own schema."""

    def __init__(self, http: httpx.Client) -> None:
        self._paths = http.get("/openapi.json").json()["paths"]

    def requests(self) -> dict[str, Any]:
        """The bodies of the examples of POST /predict."""
        body = self._paths["/predict"]["post"]["requestBody"]["content"]["application/json"]
        return {name: example["value"] for name, example in body["examples"].items()}

    def answers(self, method: str, path: str, status: int) -> dict[str, Any]:
        """The examples of an answer."""
        content = self._paths[path][method]["responses"][str(status)]["content"]["application/json"]
        return {name: example["value"] for name, example in content["examples"].items()}


def alike(answer: Any, example: Any) -> bool:
    """Whether two answers have the same fields in the same order, each of the same kind."""
    if isinstance(example, dict):
        same = list(answer) == list(example)
        return same and all(alike(answer[name], value) for name, value in example.items())
    if isinstance(example, list):
        return bool(answer) and all(alike(found, example[0]) for found in answer)
    return type(answer) is type(example) or answer is None or example is None


@pytest.fixture(scope="module")
def settings(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    own = own_settings(stores, tmp_path_factory.mktemp("examples"), "examples")
    # The name that the examples tell: a registered model of this test's alone, since the others have names of theirs.
    return own.model_copy(update={"model_name": "mejor_modelo_diabetes_examples"})


def test_the_examples_are_what_the_service_answers(settings: Settings, tmp_path: Path) -> None:
    (settings.state_dir / "serving").mkdir(parents=True)
    (settings.state_dir / "serving" / "journal").write_text("in the way: nothing keeps what the table does not take")
    with running_api(settings) as http:
        told = Documentation(http)
        without_a_model(http, told)
        version = register(settings, tmp_path).version
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        refusals(http, told)
        predictions(http, told, version)
        explanations(http, told)
        descriptions(http, told)
        with without_the_table(settings):
            without_a_log(http, told)


def without_a_model(http: httpx.Client, told: Documentation) -> None:
    no_model = told.answers("post", "/predict", 503)["no_model"]
    wait_for(lambda: http.post("/predict", json={}).json() == no_model)
    assert http.get("/model").json() == told.answers("get", "/model", 503)["no_model"] == no_model
    assert http.get("/health/ready").json() == told.answers("get", "/health/ready", 503)["no_model"]


def refusals(http: httpx.Client, told: Documentation) -> None:
    refused = http.post("/predict", json=told.requests()["refused"])
    assert (refused.status_code, refused.json()) == (422, told.answers("post", "/predict", 422)["refused"])
    unreadable = http.post("/predict", content='{"race": "Médico"}'.encode("latin-1"), headers=JSON)
    assert (unreadable.status_code, unreadable.json()) == (400, told.answers("post", "/predict", 400)["not_utf8"])
    large = http.post("/predict", content=b" " * (MAX_BODY_BYTES + 1), headers=JSON)
    assert (large.status_code, large.json()) == (413, told.answers("post", "/predict", 413)["too_large"])
    limit = http.get("/predictions", params={"limit": 0})
    assert (limit.status_code, limit.json()) == (422, told.answers("get", "/predictions", 422)["refused"])


def predictions(http: httpx.Client, told: Documentation, version: str) -> None:
    examples = told.answers("post", "/predict", 200)
    assert examples.keys() | {"refused"} == told.requests().keys()
    for name, example in examples.items():
        answer = http.post("/predict", json=told.requests()[name])
        assert answer.status_code == 200
        for found in (answer.json(), example):
            assert found["prediction"] == (found["probability"] >= found["threshold"])
            assert found["label"] == ("Readmitido" if found["prediction"] else "No Readmitido")
        assert alike(answer.json(), example)
        assert answer.json()["model_version"] == version
    assert examples["original"]["probability"] == examples["empty"]["probability"]
    http.post("/predict", json=told.requests()["rich"])
    (listed,) = http.get("/predictions", params={"limit": 1}).json()["predictions"]
    (shown,) = told.answers("get", "/predictions", 200)["one"]["predictions"]
    assert alike(listed, shown)
    assert (listed["inputs"], listed["encounter_ref"]) == (shown["inputs"], shown["encounter_ref"])


def explanations(http: httpx.Client, told: Documentation) -> None:
    rich = told.requests()["rich"]
    (explained, shown), (what_if, example) = (
        (http.post(path, json=rich).json(), told.answers("post", path, 200)["rich"])
        for path in ("/explain", "/what-if")
    )
    assert alike(explained, shown) and alike(what_if, example)
    words, expected = (
        {each["field"]: (each["name"], each["value"]) for each in answer["contributions"]}
        for answer in (explained, shown)
    )
    assert words == expected
    added = sum(each["contribution"] for each in shown["contributions"])
    assert abs(shown["reasons"]["base"] + added - shown["probability"]) < 1e-9
    changed, expected_changes = (
        [(each["field"], each["category"], each["value"]) for each in answer["variants"]]
        for answer in (what_if, example)
    )
    assert changed == expected_changes


def descriptions(http: httpx.Client, told: Documentation) -> None:
    model, example = http.get("/model").json(), told.answers("get", "/model", 200)["model"]
    assert list(model) == list(example)
    assert (model["features"], model["contract_version"]) == (example["features"], example["contract_version"])
    assert model["metrics"].keys() <= example["metrics"].keys()
    for path, name in (("/health/live", "ok"), ("/health", "well"), ("/health/ready", "well")):
        found, shown = http.get(path).json(), told.answers("get", path, 200)[name]
        # There is no journal here, which is not well.
        assert found | {"problems": []} == shown | {"problems": []}


def without_a_log(http: httpx.Client, told: Documentation) -> None:
    assert http.post("/predict", json={}).json() == told.answers("post", "/predict", 503)["not_logged"]
    assert http.get("/predictions").json() == told.answers("get", "/predictions", 503)["not_read"]
    unhealthy = told.answers("get", "/health", 503)["unhealthy"]
    wait_for(lambda: http.get("/health").json() == unhealthy)
