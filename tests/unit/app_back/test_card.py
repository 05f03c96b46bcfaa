"""Which form of a card is given, and what a version without one answers."""

from collections.abc import Iterator
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app_back import card
from app_back.deps import get_models
from app_back.errors import add_error_handlers
from app_back.models.model_holder import ModelHolder
from connections.model_registry import RegisteredVersion

FILES = {"json": b'{"title": "a card"}', "md": b"# a card", "html": b"<!doctype html>"}
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


class _Held:
    """Of a loaded model what the route asks for."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.card = files
        self.scorer = self
        self.version = RegisteredVersion(name="m", version="7", run_id="r", tags={})

    def current(self) -> "_Held":
        return self


def asking(files: dict[str, bytes]) -> TestClient:
    app = FastAPI()
    add_error_handlers(app)
    app.include_router(card.router)
    app.dependency_overrides[get_models] = lambda: cast(ModelHolder, _Held(files))
    return TestClient(app)


@pytest.fixture
def http() -> Iterator[TestClient]:
    with asking(FILES) as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "accept", "form", "kind"),
    [
        ("", "*/*", "json", "application/json"),
        ("", PAGE, "html", "text/html; charset=utf-8"),
        ("", "text/markdown, text/html", "md", "text/markdown; charset=utf-8"),
        ("?format=md", PAGE, "md", "text/markdown; charset=utf-8"),
        ("?format=json", PAGE, "json", "application/json"),
    ],
)
def test_a_card_has_the_form_that_is_asked_for(http: TestClient, asked: str, accept: str, form: str, kind: str) -> None:
    answer = http.get(f"/model/card{asked}", headers={"Accept": accept})
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, FILES[form], kind)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Vary"] == "Accept"


def test_another_form_is_refused(http: TestClient) -> None:
    answer = http.get("/model/card?format=pdf")
    assert (answer.status_code, answer.json()["error"]["fields"][0]["allowed"]) == (422, "json, md or html")


def test_a_version_of_before_has_none() -> None:
    with asking({}) as http:
        answer = http.get("/model/card")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_card")
    assert "version 7 " in answer.json()["error"]["message"] and "Retry-After" not in answer.headers
