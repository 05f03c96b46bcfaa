"""The form's log-in for one ward, in Chromium: who is not in sees nothing, and who was in leaves nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest
from fastapi.responses import JSONResponse
from playwright.sync_api import BrowserContext, Error, Page, Response, expect

from app_front import login_sentences
from app_front.sentences import say
from connections.settings import Settings
from readmission.local import serving
from tests import services
from tests.chromium import empty_page, grave_faults
from tests.conftest import Poll
from tests.form_login import log_in, open_form, password
from tests.free_ports import free_offset
from tests.integration.app_back.servers import running
from tests.integration.app_front.entries import CHOSEN, fill
from tests.integration.app_front.form_page import button, predict, risk_shown
from tests.integration.app_front.scripted_api import PREDICTION, ScriptedApi, scripted_api

pytestmark = pytest.mark.slow

# Of the answer of the service, and on no page but one that shows it.
TRACE = "1f0c7a52-of-the-test"


@pytest.fixture(scope="module")
def api() -> Iterator[ScriptedApi]:
    with scripted_api() as scripted:
        scripted.prediction = JSONResponse(PREDICTION | {"prediction_id": TRACE})
        yield scripted


@contextmanager
def shown_form(settings: Settings, api: ScriptedApi, **changed: object) -> Iterator[tuple[Settings, "Popen[bytes]"]]:
    moved = {"api_url": api.address, "port_offset": free_offset(settings), **changed}
    own = settings.model_copy(update=moved)
    with running(serving.form(own), own) as process:
        yield own, process


@pytest.fixture(scope="module")
def form(
    api: ScriptedApi, private_settings: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    with shown_form(private_settings(tmp_path_factory.mktemp("form")), api) as (settings, _):
        yield settings


@pytest.fixture
def page(somebody: BrowserContext) -> Iterator[Page]:
    opened = empty_page(somebody)
    yield opened
    opened.close()


def test_who_is_not_in_sees_nothing_of_model_service_and_form(api: ScriptedApi, form: Settings, page: Page) -> None:
    api.keys.clear()
    page.goto(form.url("form"))
    expect(page.get_by_label(say(login_sentences.PASSWORD, "es"), exact=True)).to_be_visible()
    assert grave_faults(page) == []
    seen = page.content()
    assert api.keys == [] and api.address not in seen and "mejor_modelo" not in seen
    assert page.locator("input").count() == 1 and risk_shown(page).count() == 0
    log_in(page, "not the password")
    expect(page.get_by_role("alert")).to_contain_text("Contraseña incorrecta")
    open_form(page, form.url("form"), password(form))
    expect(page.get_by_text("versión 7")).to_be_visible()
    log = serving.form(form).log.read_text()
    assert "log-in refused: wrong password" in log and "logged in with the password" in log
    assert "not the password" not in log and password(form) not in log


def test_the_key_and_the_password_never_reach_a_browser(api: ScriptedApi, form: Settings, page: Page) -> None:
    received: list[bytes] = []
    page.on("response", lambda answer: received.extend((answer.url.encode(), _body(answer))))
    page.on("websocket", lambda opened: opened.on("framereceived", lambda frame: received.append(_bytes(frame))))
    open_form(page, form.url("form"), password(form))
    fill(page, "es", **CHOSEN)
    predict(page)
    received.append(page.content().encode())
    key = form.form_api_key.get_secret_value().encode()
    assert api.keys[-1] == key.decode(), "the form asked with it"
    assert [one for one in received if TRACE.encode() in one], "what a browser is told was looked at"
    for secret in (key, password(form).encode(), form.form_cookie_secret.get_secret_value().encode()):
        assert not [one for one in received if secret in one]


def test_who_logs_out_leaves_nothing_of_the_patient(form: Settings, page: Page) -> None:
    open_form(page, form.url("form"), password(form))
    fill(page, "es", **CHOSEN | {"age": "87"})
    predict(page)
    button(page, "log_out").click()
    expect(page.locator(".st-key-password input")).to_be_visible()
    expect(risk_shown(page)).to_have_count(0)
    values = page.locator("input").evaluate_all("all => all.map(one => one.value)")
    assert values == [""] and TRACE not in page.content()
    open_form(page, form.url("form"), password(form))
    expect(page.get_by_label("Edad (años)", exact=True)).to_have_value("")
    expect(risk_shown(page)).to_have_count(0)


def test_a_session_that_nobody_uses_ends_by_itself_and_so_does_one_that_lost_the_form(
    api: ScriptedApi, somebody: BrowserContext, settings: Settings, poll: Poll
) -> None:
    with shown_form(settings, api, form_session_minutes=0.12) as (own, process):
        page = empty_page(somebody)
        open_form(page, own.url("form"), password(own))
        fill(page, "es", age="87")
        expect(page.get_by_text(say(login_sentences.ENDED, "es"))).to_be_visible(timeout=45_000)
        assert page.locator("input").count() == 1 and "87" not in page.locator("body").inner_text()
        open_form(page, own.url("form"), password(own))
        expect(page.get_by_text(say(login_sentences.ENDED, "es"))).to_be_hidden()
        fill(page, "es", age="87")
        services.kill(process)
        values = "[...document.querySelectorAll('input')].map(one => one.value)"
        assert "87" in page.evaluate(values)
        poll(lambda: "87" not in _told(page, values), deadline=45)
        page.close()


def test_pages_of_other_addresses_cannot_open_its_websocket(form: Settings, api: ScriptedApi, page: Page) -> None:
    port = form.port("form")
    opens = """port => new Promise(tell => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/_stcore/stream`, ["streamlit"]);
        socket.onopen = () => tell("open"); socket.onerror = () => tell("refused");
    })"""
    page.goto(form.url("form"))
    assert page.evaluate(opens, port) == "open"
    page.goto(api.address + "/model")  # another port of this machine's
    assert page.evaluate(opens, port) == "refused"
    # A name of somebody else's that leads here: the page is of the address that it asks.
    answer = page.goto(f"http://evil.localhost:{port}/")
    assert answer is not None and answer.status == 403
    assert "evil.localhost" in page.locator("body").inner_text()
    log = serving.form(form).log.read_text()
    assert re.search(rf"refused: a page of 'http://127.0.0.1:\d+' asks the form at '127.0.0.1:{port}'", log)


def _told(page: Page, question: str) -> str:
    try:
        return str(page.evaluate(question))
    except Error:  # it is being fetched anew just now
        return "87"


def _bytes(frame: bytes | str) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


def _body(answer: Response) -> bytes:
    try:
        return answer.body()
    except Error:  # a redirect, or an answer that its page did not wait for, has none
        return b""
