"""The form's log-in in Streamlit's own test runner: what is asked of the service, and what a page keeps."""

import logging
import re
from collections.abc import Iterator

import pytest
from fastapi.responses import JSONResponse
from streamlit.testing.v1 import AppTest

from app_front import login_sentences, sentences
from app_front.access import gate
from app_front.access.throttle import FREE_OF_A_PAGE
from app_front.sentences import say
from connections.settings import get_settings
from readmission.features import FIELDS
from tests.conftest import ROOT
from tests.integration.app_front.entries import choose_essentials
from tests.integration.app_front.scripted_api import PREDICTION, ScriptedApi, scripted_api

PASSWORD = "the-ward's-password"


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    with scripted_api() as scripted:
        scripted.prediction = JSONResponse(PREDICTION)
        yield scripted


@pytest.fixture
def form(api: ScriptedApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("API_URL", api.address)
    monkeypatch.setenv("FORM_PASSWORD", PASSWORD)
    get_settings.cache_clear()
    gate._of_the_process.cache_clear()
    yield AppTest.from_file(str(ROOT / "app_front/app.py"), default_timeout=60).run()
    get_settings.cache_clear()


def enter(form: AppTest, password: str) -> AppTest:
    form.text_input(key="password").input(password)
    form.button(key="enter").click().run()
    assert not form.exception
    return form


def told(form: AppTest) -> str:
    return "\n".join(str(element.value) for element in (*form.markdown, *form.error, *form.warning, *form.info))


def is_in(form: AppTest) -> bool:
    return "submit" in {button.key for button in form.button}


def test_who_is_not_in_learns_nothing_and_nothing_is_asked_for_them(api: ScriptedApi, form: AppTest) -> None:
    for _ in range(2):
        assert not is_in(form) and api.keys == []
        assert {button.key for button in form.button} <= {"enter", "switch_to_en", "switch_to_es"}
        assert [len(form.selectbox), len(form.text_input), len(form.metric)] == [0, 1, 0]
        assert api.address not in told(form) and "mejor_modelo" not in told(form)
        form.button(key="switch_to_en").click().run()
        form.button(key="switch_to_es").click().run()
    assert is_in(enter(form, PASSWORD)) and api.keys != []


@pytest.mark.parametrize("wrong", [PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), "ñ" * 12, "x" * 100_000])
def test_a_wrong_password_is_told_and_logged_without_it(
    form: AppTest, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert say(login_sentences.WRONG, "es") in told(enter(form, wrong))
    assert not is_in(form)
    assert re.search(r"log-in refused: wrong password, from .+; 1 lately", caplog.text)
    assert wrong not in caplog.text and PASSWORD not in caplog.text
    assert form.text_input(key="password").value == ""
    assert is_in(enter(form, PASSWORD))


def test_nothing_typed_is_no_try(form: AppTest) -> None:
    for _ in range(20):
        assert not is_in(enter(form, ""))
    assert is_in(enter(form, PASSWORD))


def test_after_wrong_ones_even_the_right_one_waits_and_on_a_fresh_page_too(form: AppTest) -> None:
    gate._guard().throttle._clock = lambda: 1_000.0  # however busy the machine is
    pages = [form]
    for _ in range(FREE_OF_A_PAGE + 1):
        enter(form, "wrong-wrong-wrong")
    assert "Demasiados intentos" in told(form)
    for _ in range(12):
        pages.append(fresh := AppTest.from_file(str(ROOT / "app_front/app.py"), default_timeout=60).run())
        enter(fresh, "wrong-wrong-wrong")
    last = AppTest.from_file(str(ROOT / "app_front/app.py"), default_timeout=60).run()
    assert "Demasiados intentos" in told(enter(last, PASSWORD))
    assert not any(is_in(page) for page in (*pages, last))


def test_an_empty_setting_lets_nobody_in(form: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORM_PASSWORD")
    get_settings.cache_clear()
    for given in ("", " ", PASSWORD):
        assert not is_in(enter(form, given))


def test_a_press_that_comes_too_late_predicts_nothing_and_leaves_nothing(api: ScriptedApi, form: AppTest) -> None:
    choose_essentials(enter(form, PASSWORD)).run()
    form.button(key="submit").click().run()
    assert form.metric and api.asked.is_set()
    api.asked.clear()
    gate._guard().sessions.end(form.session_state[gate.LOG_IN])
    form.button(key="submit").click().run()
    assert not api.asked.is_set() and not is_in(form) and not form.metric
    assert say(login_sentences.ENDED, "es") in told(form)
    remembered = {"outcome", "asked", "model", gate.LOG_IN, *(f"{field.name}:es" for field in FIELDS)}
    assert {name for name in remembered if name in form.session_state} == set()
    assert is_in(enter(form, PASSWORD))
    assert form.text_input(key="age:es").value == "" and not form.metric


def test_who_logs_out_is_out_and_the_language_stays(form: AppTest) -> None:
    choose_essentials(enter(form, PASSWORD)).run()
    form.button(key="submit").click().run()
    form.button(key="switch_to_en").click().run()
    was = form.session_state[gate.LOG_IN]
    form.button(key="log_out").click().run()
    assert not is_in(form) and not form.metric and gate._guard().sessions.seconds_left(was) == 0
    assert form.title[0].value == say(sentences.TITLE, "en")
