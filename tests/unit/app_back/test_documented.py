"""What /docs shows: titles, the one error shape for every failure, and an example of every answer."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from app_back.main import create_app
from app_back.schemas import (
    BatchResponse,
    ErrorResponse,
    ExplanationResponse,
    HealthResponse,
    LiveResponse,
    ModelResponse,
    PredictionList,
)
from connections.settings import Settings
from readmission.prediction import PredictionResponse, WhatIfResponse

ANSWERS: dict[str, Any] = {
    "PredictionResponse": PredictionResponse,
    "ExplanationResponse": ExplanationResponse,
    "WhatIfResponse": WhatIfResponse,
    "BatchResponse": BatchResponse,
    "PredictionList": PredictionList,
    "ModelResponse": ModelResponse,
    "HealthResponse": HealthResponse,
    "LiveResponse": LiveResponse,
    "ErrorResponse": ErrorResponse,
}
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in create_app(Settings()).openapi()["paths"].items()
    for method, operation in operations.items()
}
# Training decides what a card holds, and the service gives it as it was signed.
FILE_OF_THE_VERSION = ("GET /model/card", "200")
DOCUMENTED = [
    (f"{name} {status}", status, answer)
    for name, operation in OPERATIONS.items()
    for status, answer in operation["responses"].items()
    if "application/json" in answer["content"] and (name, status) != FILE_OF_THE_VERSION
]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_route_has_a_title_of_its_own(name: str) -> None:
    titles = [operation["summary"] for operation in OPERATIONS.values()]
    assert len(set(titles)) == len(titles)
    assert OPERATIONS[name]["summary"].casefold() != OPERATIONS[name]["operationId"].split("__")[0].replace("_", " ")
    assert " " in OPERATIONS[name]["summary"]


@pytest.mark.parametrize(("status", "answer"), [case[1:] for case in DOCUMENTED], ids=[case[0] for case in DOCUMENTED])
def test_every_answer_has_its_shape_and_an_example_of_it(status: str, answer: dict[str, Any]) -> None:
    content = answer["content"]["application/json"]
    shape = content["schema"]["$ref"].rpartition("/")[2]
    assert (shape == "ErrorResponse") == (status != "200")
    assert content["examples"]
    for example in content["examples"].values():
        read = TypeAdapter(ANSWERS[shape]).validate_python(example["value"])
        told = read.model_dump(mode="json", exclude_none=shape in ("BatchResponse", "ErrorResponse"))
        assert told == example["value"]


def test_what_can_fail_is_documented() -> None:
    statuses = {name: set(operation["responses"]) for name, operation in OPERATIONS.items()}
    assert statuses == {
        "POST /predict": {"200", "400", "401", "403", "409", "413", "422", "429", "500", "503"},
        "POST /explain": {"200", "400", "401", "403", "409", "413", "422", "429", "500", "503"},
        "POST /what-if": {"200", "400", "401", "403", "413", "422", "429", "500", "503"},
        "POST /predict/batch": {"200", "400", "401", "403", "413", "422", "429", "500", "503"},
        "GET /predictions": {"200", "401", "403", "422", "429", "500", "503"},
        "GET /model": {"200", "401", "403", "429", "500", "503"},
        "GET /model/card": {"200", "401", "403", "404", "422", "429", "500", "503"},
        "GET /health/live": {"200", "403", "500"},
        "GET /health": {"200", "403", "500", "503"},
        "GET /health/ready": {"200", "403", "500", "503"},
        "GET /metrics": {"200", "401", "403", "429", "500"},
    }
