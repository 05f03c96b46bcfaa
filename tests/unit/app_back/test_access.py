"""Who is let in: keys, roles, limits, hosts; what a refusal tells and logs; what becomes of a changed file of keys."""

import asyncio
import json
import logging
import resource
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from app_back.access import roles
from app_back.access.door import Access, Door
from app_back.access.limits import Limits
from app_back.access.refusal_log import LINES, SECONDS, RefusalLog
from app_back.access.refusals import KeyMissingError, LimitError
from app_back.main import create_app
from app_back.metrics import Metrics
from connections.api_keys import changing, hashed, made, new_key
from connections.settings import Settings
from readmission.storage.databases import initialise
from tests.conftest import Poll
from tests.unit.app_back.test_error_shape import NOBODY_LISTENS, served

KEYS = {role: new_key() for role in ("predict", "read", "admin")}
SCORING = (("POST", "/predict"), ("POST", "/predict/batch"), ("GET", "/model"), ("GET", "/metrics"))
ROUTES = (*SCORING, ("GET", "/predictions"))
REACHES = {"predict": SCORING, "read": ROUTES, "admin": ROUTES}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a service with a key of each role."""
    made_here = Settings(
        state_dir=tmp_path_factory.mktemp("api"), mlflow_tracking_uri=NOBODY_LISTENS, other_hosts="ward.corp"
    )
    with changing(made_here.keys_file) as keys:
        keys += [made(f"of-{role}", role, key) for role, key in KEYS.items()]
    initialise(made_here)
    return made_here


@pytest.fixture(scope="module")
def http(settings: Settings) -> Iterator[httpx.Client]:
    """A service with keys, a database, and no model."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
            patch.setenv(name, "1")
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        yield from served(create_app(settings))


def status(http: httpx.Client, method: str, path: str, **headers: str) -> int:
    """What a request is answered with: 422 or 503 where it was let in and could not be served."""
    return http.request(method, path, headers=headers).status_code


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


def test_a_new_key_counts_within_seconds_and_a_revoked_one_no_longer(
    http: httpx.Client, settings: Settings, poll: Poll
) -> None:
    key = new_key()
    with changing(settings.keys_file) as keys:
        keys.append(made("for-a-while", "read", key))
    poll(lambda: status(http, "GET", "/predictions", **{"X-API-Key": key}) == 200, deadline=5)
    with changing(settings.keys_file) as keys:
        keys[:] = [one for one in keys if one.name != "for-a-while"]
    poll(lambda: status(http, "GET", "/predictions", **{"X-API-Key": key}) == 401, deadline=5)
    assert status(http, "GET", "/predictions", **{"X-API-Key": KEYS["read"]}) == 200


@pytest.mark.parametrize(
    ("content", "said"),
    [("[{", "keys.json is no JSON"), ("{}", "keys.json holds no list of keys"), (None, "keys.json is not there"),
     ('[{"name": "a", "role": "root", "sha256": "", "created": ""}]', "keys.json: entry 1: the role is one of")],
)  # fmt: skip
def test_a_damaged_file_leaves_the_keys_of_before_and_is_told_of(
    http: httpx.Client, settings: Settings, poll: Poll, content: str | None, said: str
) -> None:
    whole = settings.keys_file.read_text()
    try:
        settings.keys_file.unlink() if content is None else settings.keys_file.write_text(content)
        (told,) = poll(lambda: _of_keys(http), deadline=5)
        assert said in told and "those of before go on to count" in told and "\n" not in told
        assert status(http, "GET", "/predictions", **{"X-API-Key": KEYS["read"]}) == 200
    finally:
        settings.keys_file.write_text(whole)
    poll(lambda: not _of_keys(http), deadline=5)


def _of_keys(http: httpx.Client) -> list[str]:
    """What readiness says of keys, beside the model that there is none of."""
    return [one for one in http.get("/health/ready").json()["error"]["message"].split(". ") if one.startswith("keys: ")]


def test_without_any_key_nobody_is_answered_and_health_says_what_to_do(tmp_path: Path) -> None:
    access = Access(Settings(state_dir=tmp_path))
    access.look()
    assert access.problem is not None and "nobody is answered" in access.problem
    with changing(tmp_path / "keys/keys.json") as keys:
        keys.append(made("a", "predict", "x"))
    with changing(tmp_path / "keys/keys.json") as keys:
        keys.clear()
    access.look()
    assert access.problem is not None and "readmission keys create" in access.problem


def test_what_could_not_be_read_is_read_once_it_can(tmp_path: Path) -> None:
    access = Access(Settings(state_dir=tmp_path))
    with changing(tmp_path / "keys/keys.json") as keys:
        keys.append(made("a", "predict", "x"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        access.look()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert _told(access)[0] and "Too many open files" in str(_told(access)[1])
    access.look()
    assert _told(access) == (False, None)


def _told(access: Access) -> tuple[bool, str | None]:
    return access.locked, access.problem


@pytest.mark.usefixtures("http")
@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_a_service_that_lets_nobody_in_is_not_healthy(settings: Settings, path: str) -> None:
    locked = create_app(settings.model_copy(update={"state_dir": settings.state_dir / "another"}))
    for asked in served(locked):
        got = asked.get(path)
        assert got.status_code == 503
        assert "keys: the API keys cannot be read: keys.json is not there" in got.json()["error"]["message"]


def test_a_refusal_is_logged_by_name_and_route_and_never_with_the_key(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="app_back")
    wrong = new_key()
    asyncio.run(_refused(settings, "/predictions?name=secreto", KEYS["predict"], "refused-1"))
    asyncio.run(_refused(settings, "/secreto", wrong, "refused-2"))
    refused = [record for record in caplog.records if "refused:" in record.getMessage()]
    told = [(record.getMessage(), *map(vars(record).get, ("request_id", "key", "status"))) for record in refused]
    assert told == [
        ("GET /predictions refused: forbidden", "refused-1", "of-predict", 403),
        ("GET other refused: unauthorized", "refused-2", None, 401),
    ]
    everything = "".join(str(vars(record)) for record in caplog.records if record.name.startswith("app_back"))
    assert wrong not in everything and KEYS["predict"] not in everything and "secreto" not in everything


async def _refused(settings: Settings, path: str, key: str, identifier: str) -> None:
    """Asks a door behind which there is nothing."""
    access = Access(settings)
    access.look()
    door = Door(_nothing, access, Metrics())
    transport = httpx.ASGITransport(lambda scope, receive, send: door({**scope, "state": {}}, receive, send))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        got = await http.get(path, headers={"X-API-Key": key, "X-Request-ID": identifier})
    assert got.headers["x-request-id"] == identifier and got.status_code in (401, 403)


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("a refused request came through")


def test_a_flood_of_refusals_is_a_few_lines_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="app_back")
    log = RefusalLog()
    for number in range(5_000):
        log.tell(KeyMissingError(sent=True), f"request-{number}", "POST", "/predict")
    assert len(caplog.records) == LINES
    log.end_minutes()
    assert len(caplog.records) == LINES, "its minute is not over"
    log.end_minutes(now=10**12)
    assert caplog.records[-1].getMessage() == f"{5_000 - LINES} more requests to /predict refused: unauthorized"
    assert SECONDS == 60 and len(caplog.records) == LINES + 1


def test_a_key_may_ask_as_often_as_its_limit_and_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("app_back.access.limits.monotonic", lambda: now[0])
    limits = Limits(120)
    for _ in range(120):
        limits.check("a")
    with pytest.raises(LimitError) as told:
        limits.check("a")
    assert (told.value.status, told.value.headers) == (429, {"Retry-After": "1"})
    limits.check("b")
    now[0] += 0.6
    limits.check("a")
    with pytest.raises(LimitError):
        limits.check("a")
    now[0] += 3_600
    for _ in range(120):
        limits.check("a")
    with pytest.raises(LimitError):
        limits.check("a")
    for _ in range(100_000):
        Limits(0).check("a")


def test_openapi_declares_keys_on_the_routes_that_ask_for_one(http: httpx.Client) -> None:
    schema = http.get("/openapi.json").json()
    assert schema["components"]["securitySchemes"]["ApiKey"] == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    secured = {path for path, operations in schema["paths"].items() for one in operations.values() if one["security"]}
    assert secured == roles.NEEDED.keys()
    assert "401" in schema["paths"]["/predictions"]["get"]["responses"]
    assert json.dumps(schema).count(KEYS["admin"]) == 0
