"""Who is let in: keys, roles, hosts and pages of others; what stays open, and what OpenAPI says of it."""

import json
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount

from app_back.access import roles
from app_back.access.door import Access
from app_back.access.refusals import KeyMissingError
from app_back.main import create_app
from connections.api_keys import hashed, new_key
from connections.settings import Settings
from tests.unit.app_back.access.keys import KEYS, status

SCORING_PATHS = ("/predict", "/explain", "/what-if", "/predict/batch")
SCORING = (*(("POST", path) for path in SCORING_PATHS), ("GET", "/model"), ("GET", "/metrics"))
ROUTES = (*SCORING, ("GET", "/predictions"))
REACHES = {"predict": SCORING, "read": ROUTES, "admin": ROUTES}


@pytest.mark.parametrize("role", KEYS)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_role_reaches_what_is_its_own_and_what_is_below_it(
    http: httpx.Client, role: str, method: str, path: str
) -> None:
    got = http.request(method, path, headers={"X-API-Key": KEYS[role]})
    if (method, path) in REACHES[role]:
        assert got.status_code in (200, 422, 503)
    else:
        assert (got.status_code, got.json()["error"]["code"]) == (403, "forbidden")
        assert got.json()["error"]["message"] == "the key of-predict has the role predict; this needs read"


@pytest.mark.parametrize(("method", "path"), [*ROUTES, ("GET", "/nowhere"), ("DELETE", "/predict"), ("PUT", "/docs/x")])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": new_key()},
        {"X-API-Key": hashed(KEYS["admin"])},
        {"X-API-Key": KEYS["admin"][:-1]},
        {"X-API-Key": f"{KEYS['admin']}\xff"},
        {"Authorization": KEYS["admin"]},
        {"Authorization": f"Basic {KEYS['admin']}"},
        {"Authorization": "Bearer"},
    ],
    ids=["none", "empty", "unknown", "the hash", "cut", "not ascii", "no scheme", "basic", "empty bearer"],
)
def test_without_a_known_key_nothing_is_told(
    http: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    got = http.request(method, path, headers=sent)
    assert (got.status_code, got.json()["error"]["code"]) == (401, "unauthorized")
    assert got.headers["www-authenticate"] == "Bearer" and got.headers["x-request-id"]
    assert "retry-after" not in got.headers
    assert not any(value.removeprefix("Basic ") in got.text for value in headers.values() if len(value) > 20)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_a_key_may_come_as_bearer(http: httpx.Client, scheme: str) -> None:
    assert status(http, "GET", "/predictions", Authorization=scheme + KEYS["read"]) == 200


def test_what_orchestrators_and_readers_of_the_documentation_ask_is_open(http: httpx.Client) -> None:
    opened = {path: status(http, "GET", path) for path in ("/health/live", "/docs", "/openapi.json", "/")}
    assert opened == {"/health/live": 200, "/docs": 200, "/openapi.json": 200, "/": 307}
    assert "failed checks: model" in http.get("/health").text
    page = http.get("/docs").text
    script = page.partition('src="')[2].partition('"')[0]
    assert script.startswith(roles.OPEN_BELOW) and status(http, "GET", script) == 200


def test_every_route_has_its_role_or_is_open() -> None:
    app = create_app(Settings())
    known = roles.NEEDED.keys() | roles.OPEN
    paths = {getattr(route, "path", "") for route in app.routes if not isinstance(route, Mount)}
    assert paths - known == set()
    assert {f"{route.path}/" for route in app.routes if isinstance(route, Mount)} == {roles.OPEN_BELOW}
    assert {route.path for route in app.routes if isinstance(route, APIRoute)} >= roles.NEEDED.keys()


def test_a_body_is_not_read_before_the_key() -> None:
    """A refusal comes while the body is still on its way."""
    access = Access(Settings(state_dir=Path("/nonexistent")))
    with pytest.raises(KeyMissingError):
        access.check({"type": "http", "method": "POST", "path": "/predict", "headers": []})


@pytest.mark.parametrize(
    "host", ["ward.corp", "WARD.corp:443", "localhost:9", "127.0.0.1", "[::1]:80", "10.9.8.7:8000"]
)
def test_it_answers_under_its_names_and_to_addresses(http: httpx.Client, host: str) -> None:
    assert status(http, "GET", "/predictions", Host=host, **{"X-API-Key": KEYS["read"]}) == 200


@pytest.mark.parametrize("path", ["/predictions", "/health/ready", "/docs", "/nowhere"])
@pytest.mark.parametrize("host", ["evil.test", "evil.test:80", "ward.corp.evil.test", "127.0.0.1.evil.test", "a@::1"])
def test_a_page_whose_name_leads_here_is_told_nothing(http: httpx.Client, host: str, path: str) -> None:
    got = http.get(path, headers={"Host": host, "X-API-Key": KEYS["admin"]})
    assert (got.status_code, got.json()["error"]["code"]) == (403, "unknown_host")
    assert "evil" not in got.text


def test_one_foreign_host_beside_a_good_one_is_one_too_many(settings: Settings) -> None:
    access = Access(settings)
    headers = [(b"host", b"localhost"), (b"host", b"evil.test")]
    with pytest.raises(Exception, match="Host"):
        access.check({"type": "http", "method": "GET", "path": "/health", "headers": headers})


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("http://ward.corp", True), ("https://ward.corp", True), ("http://evil.test", False), ("null", False),
     ("http://ward.corp:81", False), ("http://ward.corp.evil.test", False)],
)  # fmt: skip
def test_only_pages_of_its_own_address_may_change_something(http: httpx.Client, origin: str, allowed: bool) -> None:
    headers = {"Host": "ward.corp", "Origin": origin, "X-API-Key": KEYS["predict"]}
    got = http.post("/predict", json={"age": 121}, headers=headers)
    assert got.status_code == (422 if allowed else 403)
    assert allowed or got.json()["error"]["code"] == "foreign_origin"
    assert http.get("/model", headers=headers).status_code == 503


def test_openapi_declares_keys_on_the_routes_that_ask_for_one(http: httpx.Client) -> None:
    schema = http.get("/openapi.json").json()
    assert schema["components"]["securitySchemes"]["ApiKey"] == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    secured = {path for path, operations in schema["paths"].items() for one in operations.values() if one["security"]}
    assert secured == roles.NEEDED.keys()
    assert "401" in schema["paths"]["/predictions"]["get"]["responses"]
    assert json.dumps(schema).count(KEYS["admin"]) == 0
