"""MLflow asks who is there, takes no guesses, and lets nobody make an account for himself."""

import pytest

from connections import mlflow_accounts
from connections.mlflow_accounts import AccountError, Admin, Person
from connections.settings import Settings
from tests.integration.mlflow_server.conftest import API, As

SEARCH = f"{API}/experiments/search?max_results=1"
# One of each kind of thing that there is to reach: pages, API, files, what MLflow leaves open, and what is not there.
PLACES = (
    "/", "/version", "/static-files/index.html", SEARCH, f"/ajax-api{SEARCH.removeprefix('/api')}",
    "/api/2.0/mlflow-artifacts/artifacts", "/api/3.0/mlflow/server-info", "/signup", "/metrics", "/favicon.ico",
    "/static/x", "/health/../version", "/nowhere", "/graphql", "/build/x",
)  # fmt: skip
FOREIGN = {"Host": "evil.example"}
ELSEWHERE = "127.0.0.9"
STORM = 10


@pytest.fixture
def admin(server: Settings) -> Admin:
    return Admin(server.url("mlflow"), server.mlflow_admin_password.get_secret_value())


@pytest.mark.parametrize("path", PLACES)
def test_nobody_gets_anything_without_a_login(as_: As, path: str) -> None:
    answer = as_().ask("GET", path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="mlflow"')
    assert "MLFLOW_TRACKING_USERNAME" in answer.json()["message"]


def test_only_that_it_lives_is_told_to_everybody(as_: As) -> None:
    assert (as_().ask("GET", "/health").text, as_().ask("POST", "/health").status_code) == ("OK", 401)


@pytest.mark.parametrize("account", ["admin", "pipeline", "api"])
def test_each_account_gets_in_with_its_own_password_alone(as_: As, server: Settings, account: str) -> None:
    assert as_(account).ask("GET", SEARCH).status_code == 200
    for other in {"admin", "pipeline", "api"} - {account}:
        password = getattr(server, f"mlflow_{other}_password").get_secret_value()
        assert as_(account, password).ask("GET", SEARCH, address="127.0.0.5").status_code == 401


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !", "Basic YXBp", "Bearer YXBpOng=", "Basic YXBpOg==", "Basic ////"], ids=str
)
def test_what_is_no_login_lets_nobody_in(as_: As, header: str) -> None:
    answer = as_().ask("GET", SEARCH, headers={"Authorization": header}, address="127.0.0.6")
    assert answer.status_code == 401


@pytest.mark.parametrize("asker", ["api", "pipeline"])
def test_nobody_makes_an_account_or_an_admin_of_himself(as_: As, asker: str) -> None:
    stranger = {"username": "stranger", "password": "a" * 20}
    tried = (
        ("GET", "/signup", None),
        ("POST", f"{API}/users/create-ui", stranger),
        ("POST", f"{API}/users/create", stranger),
        ("POST", "/ajax-api/2.0/mlflow/users/create", stranger),
        ("PATCH", f"{API}/users/update-admin", {"username": asker, "is_admin": True}),
        ("PATCH", f"{API}/users/update-password", {"username": "admin", "password": "b" * 20}),
        ("POST", "/api/3.0/mlflow/roles/create", {"name": "mine", "workspace": "default"}),
        ("POST", "/api/3.0/mlflow/roles/assign", {"username": asker, "role_id": 1}),
        ("POST", "/api/3.0/mlflow/users/permissions/grant", {"username": asker}),
    )
    answers = {path: as_(asker).ask(method, path, body).status_code for method, path, body in tried}
    assert {path for path, status in answers.items() if status not in (403, 404)} == set()
    assert as_("admin").ask("GET", f"{API}/users/get", params={"username": "stranger"}).status_code == 404
    assert as_("admin").ask("GET", f"{API}/users/get", params={"username": asker}).json()["user"]["is_admin"] is False


def test_a_storm_of_guesses_is_held_up_and_keeps_nobody_else_out(as_: As, admin: Admin) -> None:
    password = mlflow_accounts.create(admin, "stormed", may_write=False)
    guesses = [as_("stormed", f"guess {number}").ask("GET", SEARCH) for number in range(STORM + 2)]
    assert [guess.status_code for guess in guesses] == [401] * STORM + [429] * 2
    assert 0 < int(guesses[-1].headers["retry-after"]) <= 60
    assert f"try again in {guesses[-1].headers['retry-after']} s" in guesses[-1].json()["message"]
    # Not even the right one from there, or the last guess would tell; from elsewhere it is taken at once.
    assert as_("stormed", password).ask("GET", SEARCH).status_code == 429
    assert as_("stormed", password).ask("GET", SEARCH, address=ELSEWHERE).status_code == 200
    # Who got in once before is known, and goes on where the storm comes from, as a service beside it must.
    assert as_("stormed", password).ask("GET", SEARCH).status_code == 200
    assert as_("stormed", "guess").ask("GET", SEARCH).status_code == 429


def test_a_storm_on_a_service_leaves_the_service_alone(as_: As) -> None:
    assert as_("api").ask("GET", SEARCH).status_code == 200
    guesses = {
        as_("api", f"guess {number}").ask("GET", SEARCH, address="127.0.0.7").status_code for number in range(15)
    }
    assert guesses == {401, 429}
    assert as_("api").ask("GET", SEARCH).status_code == as_("api").ask("GET", SEARCH, address="127.0.0.7").status_code
    assert as_("api").ask("GET", SEARCH, address="127.0.0.7").status_code == 200


def test_a_forwarded_address_is_not_believed(as_: As, admin: Admin) -> None:
    mlflow_accounts.create(admin, "forwarded", may_write=False)
    answers = [
        as_("forwarded", "guess").ask("GET", SEARCH, headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code
        for number in range(STORM + 1)
    ]
    assert answers[-1] == 429


def test_another_host_and_another_sites_page_are_refused_whoever_asks(as_: As) -> None:
    for asker in (as_(), as_("api"), as_("admin")):
        strange = asker.ask("GET", SEARCH, headers=FOREIGN)
        assert (strange.status_code, "www-authenticate" in strange.headers) == (403, False)
        page = asker.ask("POST", f"{API}/experiments/search", {}, headers={"Origin": "http://evil.example"})
        assert (page.status_code, "www-authenticate" in page.headers) == (403, False)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_port_uses_no_login_that_the_browser_keeps(as_: As, site: str) -> None:
    asked = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors"}
    assert as_("admin").ask("GET", SEARCH, headers=asked).status_code == 403
    assert as_("admin").ask("GET", "/", headers=asked | {"Sec-Fetch-Mode": "navigate"}).status_code == 200
    form = asked | {"Sec-Fetch-Mode": "navigate"}
    assert as_("admin").ask("POST", f"{API}/experiments/search", {}, headers=form).status_code == 403


def test_people_get_accounts_from_the_admin(as_: As, admin: Admin) -> None:
    reads, writes = (mlflow_accounts.create(admin, name, name == "writes") for name in ("reads", "writes"))
    assert {Person("reads", False), Person("writes", True)} <= set(mlflow_accounts.people(admin))
    made = {
        name: as_(name, password).ask("POST", f"{API}/experiments/create", {"name": f"of {name}"}).status_code
        for name, password in (("reads", reads), ("writes", writes))
    }
    assert made == {"reads": 403, "writes": 200}
    with pytest.raises(AccountError, match=r"refuses: User \(username=reads\) already exists\.$"):
        mlflow_accounts.create(admin, "reads", may_write=True)
    renewed = mlflow_accounts.renew(admin, "reads")
    assert [as_("reads", password).ask("GET", SEARCH).status_code for password in (reads, renewed)] == [401, 200]
    mlflow_accounts.remove(admin, "reads")
    assert as_("reads", renewed).ask("GET", SEARCH).status_code == 401


@pytest.mark.parametrize("name", ["admin", "pipeline", "api", "", "a:b", "a b", "a\n", "ñ"])
def test_a_name_that_cannot_be_a_persons_is_refused(admin: Admin, name: str) -> None:
    with pytest.raises(AccountError, match=r"account"):
        mlflow_accounts.create(admin, name, may_write=False)
