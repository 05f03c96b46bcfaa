"""Who is who in Airflow: nobody gets in without a login, guesses are slowed, and roles hold."""

import re
from http.cookies import SimpleCookie

import httpx
import pytest

from connections.throttle import TRIES
from tests.integration.airflow_login.conftest import PASSWORD, Served

# What anybody may ask for: whether it is well, which Airflow it is, the log-in itself, and the page that leads there.
OPEN = {
    "/api/v2/monitor/health",
    "/api/v2/version",
    "/execution/health",
    "/execution/health/ping",
    "/execution/changelog",
}
# Of Airflow 2, and answered with where it is now.
MOVED = {"/health", "/api/v1/{_:path}", "/api/{_:path}"}
LOGIN = ("/auth/", "/api/v2/auth/")
STATIC = {"/{rest_of_path:path}"}
TRIGGER = "/api/v2/dags/entrenar_modelo/dagRuns"


def test_nobody_is_let_in_anywhere_without_a_login(airflow: Served) -> None:
    asked = [(method, path) for method, path in airflow.told["routes"] if path not in OPEN | MOVED | STATIC]
    asked = [(method, path) for method, path in asked if not path.startswith(LOGIN) and "/docs" not in path]
    assert len(asked) > 120 and {path.split("/")[1] for _, path in asked} >= {"api", "ui"}
    with httpx.Client(base_url=airflow.address, trust_env=False, timeout=60) as http:
        answers = {(method, path): http.request(method, _filled(path)).status_code for method, path in asked}
    assert {asked: status for asked, status in answers.items() if status not in (401, 403)} == {}


def _filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "1", path)


@pytest.mark.parametrize("path", ["variables/a", "connections/a", "xcoms/a/b/c/d"])
def test_who_is_no_task_is_told_nothing_of_what_tasks_ask(airflow: Served, path: str) -> None:
    viewer = airflow.token("Viewer")
    for token in ("", viewer):
        assert airflow.ask("GET", f"/execution/{path}", token).status_code in (401, 403)


@pytest.mark.parametrize("path", ["/auth/users/list/", "/auth/roles/list/", "/auth/users/add"])
def test_the_pages_of_accounts_lead_to_the_log_in(airflow: Served, path: str) -> None:
    answer = airflow.ask("GET", path)
    assert answer.status_code == 302 and "/login/" in answer.headers["location"]


def test_nobody_is_shown_what_the_api_has(airflow: Served) -> None:
    assert "swagger" not in airflow.ask("GET", "/docs").text.lower()


def test_who_guesses_waits_and_nobody_else(airflow: Served) -> None:
    statuses = [airflow.log_in("guessed", f"guess-{number}").status_code for number in range(TRIES)]
    assert statuses == [401] * TRIES
    refused = airflow.log_in("guessed", "one-more")
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 60
    assert airflow.log_in("Viewer").status_code == 201


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"username": 1}', b"{", b'{"username": "a"}', b"x" * 200_000])
def test_what_is_no_login_is_refused_as_such(airflow: Served, body: bytes) -> None:
    answer = airflow.ask("POST", "/auth/token", content=body)
    assert answer.status_code in (400, 401, 422)


def test_who_came_by_another_name_stays_there(airflow: Served) -> None:
    elsewhere = airflow.address.replace("127.0.0.1", "localhost")
    with httpx.Client(base_url=elsewhere, trust_env=False, follow_redirects=True, timeout=30) as person:
        assert str(person.get("/api/v2/auth/login").url) == f"{elsewhere}/auth/login/"
        inside = _typed(person, "User", PASSWORD)
        assert str(inside.url) == f"{elsewhere}/"
        assert person.get("/ui/auth/me").json()["username"] == "User"


def test_the_log_in_page_is_throttled_too(airflow: Served) -> None:
    with httpx.Client(base_url=airflow.address, trust_env=False, timeout=30) as person:
        statuses = [_typed(person, "Viewer", "guess").status_code for _ in range(TRIES + 1)]
    # One went to the test before, which shares the address.
    assert set(statuses[: TRIES - 1]) == {302} and statuses[TRIES] == 429


def test_a_session_ends_by_itself_and_no_script_or_other_site_gets_at_it(airflow: Served) -> None:
    with httpx.Client(base_url=airflow.address, trust_env=False, headers={"X-Real-IP": "1"}) as person:
        cookie = SimpleCookie(person.get("/auth/login/").headers["set-cookie"])["session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    assert cookie["expires"] != ""
    assert airflow.told["secure"] == {"https://airflow.corp": True, airflow.address: False}


def _typed(person: httpx.Client, name: str, password: str) -> httpx.Response:
    page = person.get("/auth/login/")
    (token,) = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    return person.post("/auth/login/", data={"username": name, "password": password, "csrf_token": token})


def test_a_viewer_sees_runs_and_starts_none(airflow: Served) -> None:
    viewer, user = airflow.token("Viewer"), airflow.token("User")
    assert airflow.ask("GET", "/api/v2/dags", viewer).status_code == 200
    assert airflow.ask("POST", TRIGGER, viewer, json={"logical_date": None}).status_code == 403
    # There is no such DAG: who may start one is told so.
    assert airflow.ask("POST", TRIGGER, user, json={"logical_date": None}).status_code == 404
    assert airflow.ask("GET", "/api/v2/connections", user).status_code == 403


def test_the_admin_is_brought_to_the_settings_at_each_start(airflow: Served) -> None:
    assert airflow.told["admin"] == [
        "admin: made",
        "admin: has the password of .env, and is logged out",
        "admin: as it was",
        "admin: may do everything again",
    ]
    assert airflow.log_in("admin", "a-former-password").status_code == 401
    assert airflow.ask("GET", "/api/v2/connections", airflow.token("admin")).status_code == 200


def test_no_password_is_in_the_log(airflow: Served) -> None:
    assert PASSWORD not in airflow.log.read_text(encoding="utf-8")
