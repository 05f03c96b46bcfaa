"""Which form of a card is given, and what a version without one answers."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from app_back import card
from app_back.deps import get_models
from app_back.errors import add_error_handlers
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


def asked(files: dict[str, bytes], query: str = "", accept: str = "*/*") -> httpx.Response:
    """What a service with a version of those files answers."""
    app = FastAPI()
    add_error_handlers(app)
    app.include_router(card.router)
    app.dependency_overrides[get_models] = lambda: _Held(files)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as http:
            return await http.get(f"/model/card{query}", headers={"Accept": accept})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("query", "accept", "form", "kind"),
    [
        ("", "*/*", "json", "application/json"),
        ("", PAGE, "html", "text/html; charset=utf-8"),
        ("", "text/markdown, text/html", "md", "text/markdown; charset=utf-8"),
        ("?format=md", PAGE, "md", "text/markdown; charset=utf-8"),
        ("?format=json", PAGE, "json", "application/json"),
    ],
)
def test_a_card_has_the_form_that_is_asked_for(query: str, accept: str, form: str, kind: str) -> None:
    answer = asked(FILES, query, accept)
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, FILES[form], kind)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Vary"] == "Accept"


def test_another_form_is_refused() -> None:
    answer = asked(FILES, "?format=pdf")
    assert (answer.status_code, answer.json()["error"]["fields"][0]["allowed"]) == (422, "json, md or html")


def test_a_version_of_before_has_none() -> None:
    answer = asked({})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_card")
    assert "version 7 " in answer.json()["error"]["message"] and "Retry-After" not in answer.headers
