"""The form's log-in at an identity provider, in Chromium: a real exchange of OpenID Connect."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.responses import JSONResponse
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pydantic import SecretStr

from app_front import login_sentences
from app_front.sentences import say
from connections.settings import Settings
from readmission.clock import epoch, now
from readmission.local import serving
from tests.chromium import chromium, empty_page, visitor
from tests.free_ports import free_offset
from tests.integration.app_back.servers import running
from tests.integration.app_front.entries import CHOSEN, fill
from tests.integration.app_front.form_page import button, predict, risk_shown
from tests.integration.app_front.provider import CLIENT, SECRET, Provider, provider
from tests.integration.app_front.scripted_api import PREDICTION, ScriptedApi, scripted_api

pytestmark = pytest.mark.slow

ANA, STRANGER = "ana@ward.example", "ana@elsewhere.example"
ENDED = say(login_sentences.ENDED, "es")


@pytest.fixture(scope="module")
def api() -> Iterator[ScriptedApi]:
    with scripted_api() as scripted:
        scripted.prediction = JSONResponse(PREDICTION)
        yield scripted


@pytest.fixture(scope="module")
def own(
    api: ScriptedApi, private_settings: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, Provider]]:
    settings = private_settings(tmp_path_factory.mktemp("form"))
    settings = settings.model_copy(update={"api_url": api.address, "port_offset": free_offset(settings)})
    with provider(f"{settings.public_url('form')}/oauth2callback") as people:
        oidc = {
            "form_auth": "oidc",
            "form_oidc_metadata_url": people.metadata_url,
            "form_oidc_client_id": CLIENT,
            "form_oidc_client_secret": SecretStr(SECRET),
            "form_oidc_allowed": "ward.example",
        }
        settings = settings.model_copy(update=oidc)
        with running(serving.form(settings), settings):
            yield settings, people


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def person(browser: Browser) -> Iterator[BrowserContext]:
    """Whose browser knows nobody yet."""
    context = visitor(browser)
    yield context
    context.close()


def log_in(page: Page, settings: Settings, email: str) -> None:
    page.goto(settings.url("form"))
    ask(page)
    page.get_by_label("Account").fill(email)
    page.get_by_role("button", name="Log in").click()


def ask(page: Page) -> None:
    button(page, "enter").click()
    page.get_by_label("Account").wait_for()


def test_who_is_allowed_logs_in_there_and_out_again(
    own: tuple[Settings, Provider], api: ScriptedApi, person: BrowserContext
) -> None:
    settings, people = own
    page = empty_page(person)
    api.keys.clear()
    page.goto(settings.url("form"))
    button(page, "enter").wait_for()
    assert api.keys == [] and page.locator("input").count() == 0
    log_in(page, settings, ANA)
    expect(button(page, "submit")).to_be_visible()
    expect(page.get_by_text(ANA)).to_be_visible()
    assert people.asked[-1]["prompt"] == "login"
    fill(page, "es", **CHOSEN)
    predict(page)
    cookies, left = person.cookies(), people.left
    button(page, "log_out").click()
    expect(button(page, "enter")).to_be_visible()
    expect(risk_shown(page)).to_have_count(0)
    page.reload()
    expect(button(page, "enter")).to_be_visible()
    assert people.left == left + 1
    person.add_cookies(cookies)  # type: ignore[arg-type]
    page.reload()
    expect(page.get_by_text(ENDED)).to_be_visible()
    assert button(page, "submit").count() == 0, "a copy of the cookie is worth nothing"
    log = serving.form(settings).log.read_text()
    assert f"logged in: {ANA}" in log and SECRET not in log


def test_whom_the_provider_knows_and_the_form_does_not_is_told_so_and_no_more(
    own: tuple[Settings, Provider], api: ScriptedApi, person: BrowserContext
) -> None:
    settings, _ = own
    page = empty_page(person)
    api.keys.clear()
    log_in(page, settings, STRANGER)
    expect(page.get_by_role("alert")).to_contain_text("Esta cuenta no tiene acceso al formulario")
    assert STRANGER in page.locator("body").inner_text() and page.locator("input").count() == 0
    assert api.keys == []
    assert f"log-in refused: '{STRANGER}' is not in FORM_OIDC_ALLOWED" in serving.form(settings).log.read_text()
    button(page, "log_out").click()
    expect(button(page, "enter")).to_be_visible()


def test_what_another_key_signed_lets_nobody_in(own: tuple[Settings, Provider], person: BrowserContext) -> None:
    settings, people = own
    people.published = RSAKey.generate_key(2048, {"kid": str(people.key.kid)})
    try:
        page = empty_page(person)
        log_in(page, settings, ANA)
        expect(button(page, "enter")).to_be_visible()
        assert [one for one in person.cookies() if one.get("name") == "_streamlit_user"] == []
    finally:
        people.published = None


def test_an_old_log_in_is_asked_again(own: tuple[Settings, Provider], person: BrowserContext) -> None:
    settings, people = own
    page = empty_page(person)
    people.claims = {"auth_time": int(epoch(now())) - int(settings.form_session_minutes * 60)}
    try:
        log_in(page, settings, ANA)
        expect(page.get_by_text(ENDED)).to_be_visible()
        assert page.locator("input").count() == 0
    finally:
        people.claims = {}
    log_in(page, settings, ANA)
    expect(button(page, "submit")).to_be_visible()
