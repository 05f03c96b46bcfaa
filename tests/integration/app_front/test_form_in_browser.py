"""The form in Chromium, on the page as a person sees it, with the real service and a model out of a real registry."""

import re
from itertools import pairwise
from typing import Any

import pytest
from fastapi.responses import JSONResponse
from playwright.sync_api import BrowserContext, Page, expect

from app_front import sentences
from app_front.checks import REQUIRED
from app_front.sentences import Language, risk, say
from readmission.features import BY_NAME, FIELDS, complete_request
from readmission.local import serving
from tests.chromium import empty_page, grave_faults
from tests.form_login import open_form, password
from tests.free_ports import free_offset
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.servers import running
from tests.integration.app_front.entries import AS_SENT, CHOSEN, fill, label
from tests.integration.app_front.form_page import (
    box,
    button,
    predict,
    refusal,
    risk_shown,
    seen_and_heard,
    withdrawn,
    words,
)
from tests.integration.app_front.scripted_api import PREDICTION, scripted_api

pytestmark = pytest.mark.slow

LANGUAGES: tuple[Language, ...] = ("es", "en")

PRESSES = 30


def latest(api: Api) -> dict[str, Any]:
    listed = api.http.get("/predictions", params={"limit": 1}).json()["predictions"]
    return dict(listed[0]) if listed else {}


def test_a_risk_goes_with_the_first_key_of_an_edit_and_stays_away(page: Page) -> None:
    fill(page, "es", **CHOSEN)
    predict(page)
    box(page, "number_inpatient").press("9")
    assert not risk_shown(page).is_visible(), "before the field is left, and before the service hears of it"
    expect(withdrawn(page)).to_be_visible()
    expect(page.locator("#spoken[role=status]")).to_have_text(say(sentences.WITHDRAWN, "es"))
    box(page, "number_inpatient").press("Tab")
    expect(risk_shown(page)).to_have_count(0)
    expect(withdrawn(page)).to_be_visible()


def test_a_risk_goes_with_an_edit_in_any_kind_of_widget(page: Page) -> None:
    fill(page, "es", **CHOSEN)
    predict(page)
    page.get_by_text(say(sentences.OTHERS, "es")).click()
    page.get_by_text(say(sentences.OPTIONAL, "es")).click()
    box(page, "gender").click()
    page.get_by_role("option", name="Hombre", exact=True).click()
    expect(risk_shown(page)).to_be_hidden(timeout=1_000)
    predict(page)
    box(page, "diag_1").press("4")
    assert not risk_shown(page).is_visible()
    box(page, "diag_1").fill("428")
    box(page, "insulin").press("ArrowDown")
    box(page, "insulin").press("Enter")
    predict(page)
    page.locator(".st-key-insulin-es").get_by_role("button", name="Quitar").click()
    assert not risk_shown(page).is_visible()
    expect(risk_shown(page)).to_have_count(0)
    predict(page)
    button(page, "clear").click()
    expect(risk_shown(page)).to_have_count(0)
    expect(box(page, "age")).to_have_value("")


def test_a_value_that_is_put_back_asks_for_a_new_risk(page: Page) -> None:
    fill(page, "es", **CHOSEN)
    predict(page)
    box(page, "age").press("End")
    for key in ("Backspace", "1", "Tab"):
        box(page, "age").press(key)
    expect(box(page, "age")).to_have_value(CHOSEN["age"])
    assert not risk_shown(page).is_visible()
    expect(withdrawn(page)).to_be_visible()
    predict(page)
    expect(withdrawn(page)).to_have_count(0)


def test_the_result_repeats_what_it_was_computed_from_in_both_languages(api: Api, page: Page) -> None:
    fill(page, "es", **CHOSEN)
    predict(page)
    logged = latest(api)
    assert logged["inputs"] == complete_request(AS_SENT)
    for language in LANGUAGES:
        if language == "en":
            button(page, "switch_to_en").click()
        said = risk(logged["prediction"] == 1, logged["probability"], language)
        expect(page.get_by_role("heading", name=say(sentences.RESULT, language, risk=said))).to_be_visible()
        shown = page.locator('[class*="st-key-risk-"]').inner_text()
        for field in (field for field in FIELDS if field.model and not field.optional):
            value = say(field.category_text(str(logged["inputs"][field.name]).removesuffix(".0")), language)
            assert f"{label(field, language)}: {value}" in shown
        assert "Readmitido" not in page.content()


def test_an_untouched_form_predicts_nothing_and_names_what_to_choose(api: Api, page: Page) -> None:
    before = latest(api)
    for language in LANGUAGES:
        if language == "en":
            button(page, "switch_to_en").click()
            button(page, "switch_to_es").wait_for()
        button(page, "submit").click()
        names = ", ".join(label(BY_NAME[name], language) for name in REQUIRED)
        expect(refusal(page)).to_contain_text(names)
        expect(refusal(page)).to_be_focused()
    assert latest(api) == before


def test_a_refused_number_is_named_near_the_button_and_holds_nothing_back(page: Page) -> None:
    fill(page, "es", **CHOSEN)
    predict(page)
    wrong = {"time_in_hospital": "3.7", "number_inpatient": "9999", "age": "-1"}
    fill(page, "es", **wrong)
    button(page, "submit").click()
    expect(refusal(page)).to_be_focused()
    expect(risk_shown(page)).to_have_count(0)
    pressed, told = button(page, "submit").bounding_box(), refusal(page).bounding_box()
    assert pressed and told and 0 <= told["y"] - (pressed["y"] + pressed["height"]) < 100
    for language in LANGUAGES:
        if language == "en":
            button(page, "switch_to_en").click()
            expect(button(page, "switch_to_es")).to_be_focused()
        for name, value in wrong.items():
            field = BY_NAME[name]
            line = say(sentences.REFUSED_VALUE, language, field=label(field, language), value=value,
                       allowed=sentences.allowed(field, language))  # fmt: skip
            expect(refusal(page)).to_contain_text(line.replace("**", ""))
            expect(box(page, name, language)).to_have_value(value)
            expect(box(page, name, language)).to_have_attribute("aria-invalid", "true")
    fill(page, "en", **{name: CHOSEN[name] for name in wrong})
    expect(refusal(page)).to_have_count(0)
    fill(page, "en", age="200")
    button(page, "clear").click()
    expect(box(page, "age", "en")).to_have_value("")


def test_from_the_first_field_to_the_result_by_keyboard(page: Page) -> None:
    keys = 0
    box(page, "age").focus()
    for name, value in CHOSEN.items():
        while not box(page, name).evaluate("field => field === document.activeElement"):
            page.keyboard.press("Tab")
            keys += 1
        typed = ["o", "Enter"] if BY_NAME[name].kind == "category" else list(value)
        for key in typed:
            page.keyboard.press(key)
        keys += len(typed)
    while not button(page, "submit").evaluate("pressed => pressed === document.activeElement"):
        page.keyboard.press("Tab")
        keys += 1
        assert keys < PRESSES
    page.keyboard.press("Enter")
    assert keys + 1 <= PRESSES
    expect(page.get_by_role("heading", name=re.compile("^Resultado: riesgo por"))).to_be_focused()
    expect(box(page, "discharge_disposition_id")).to_have_value("Otro")


def test_axe_finds_nothing_grave_and_headings_are_in_order(page: Page) -> None:
    expect(page.get_by_test_id("stCaptionContainer").first).to_have_css("color", "rgb(82, 97, 107)")  # it has its style
    assert grave_faults(page) == []
    button(page, "submit").click()
    expect(refusal(page)).to_be_focused()
    assert grave_faults(page) == []
    fill(page, "es", **CHOSEN)
    predict(page)
    for section in (sentences.OTHERS, sentences.OPTIONAL, sentences.UNUSED):
        page.get_by_text(say(section, "es")).click()
    assert grave_faults(page) == []
    levels = [int(tag[1]) for tag in page.locator("h1,h2,h3,h4,h5,h6").evaluate_all("all => all.map(h => h.tagName)")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
    box(page, "age").press("9")
    expect(withdrawn(page)).to_be_visible()
    assert grave_faults(page) == []


@pytest.mark.parametrize(("language", "other"), [LANGUAGES, LANGUAGES[::-1]], ids=LANGUAGES)
def test_each_page_is_in_its_language_throughout(page: Page, language: Language, other: Language) -> None:
    if language == "en":
        button(page, "switch_to_en").click()
        button(page, "switch_to_es").wait_for()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page).to_have_title(say(sentences.TITLE, language))
    box(page, "discharge_code", language).fill("qqq")
    expect(page.get_by_text(say(sentences.CHROME["No results"], language))).to_be_visible()
    page.keyboard.press("Escape")
    fill(page, language, **CHOSEN)
    predict(page)
    for section in (sentences.OTHERS, sentences.OPTIONAL, sentences.UNUSED):
        page.get_by_text(say(section, language), exact=True).click()
    told = seen_and_heard(page)
    assert len(told & words(language)) > 40
    assert told & words(other) == set()
    if language == "es":
        english = tuple(own for own, text in sentences.CHROME.items() if text.es != own)
        assert [line for line in told if line.startswith(english)] == []


def test_what_changes_nothing_is_behind_a_fold_and_race_claims_nothing(page: Page) -> None:
    expect(box(page, "race")).to_be_hidden()
    expect(box(page, "examide")).to_be_hidden()
    page.get_by_text(say(sentences.UNUSED, "es")).click()
    expect(box(page, "race")).to_be_visible()
    assert "equidad" not in page.content()


def test_a_choice_survives_both_languages_and_is_what_is_sent(api: Api, page: Page) -> None:
    """A browser sends a choice by its words, which Streamlit's test runner does not."""
    fill(page, "es", **CHOSEN)
    box(page, "discharge_code").press("3")
    page.get_by_role("option", name=re.compile("^3 · A un centro")).click()
    for language in ("en", "es", "en"):
        button(page, f"switch_to_{language}").click()
        button(page, f"switch_to_{'es' if language == 'en' else 'en'}").wait_for()
    expect(box(page, "discharge_code", "en")).to_have_value("3 · Skilled nursing facility (SNF)")
    predict(page)
    logged = latest(api)
    assert page.get_by_text(risk(logged["prediction"] == 1, logged["probability"], "en")).first.is_visible()
    assert logged["inputs"] == complete_request(AS_SENT | {"discharge_code": "3"})


def test_what_is_typed_and_not_left_yet_is_sent(api: Api, page: Page) -> None:
    fill(page, "es", **CHOSEN)
    box(page, "age").fill("44")
    predict(page)
    assert latest(api)["inputs"]["age"] == 44
    expect(page.locator('[class*="st-key-risk-"]')).to_contain_text("Edad (años): 44")


def test_a_slow_answer_does_not_show_beside_what_was_typed_meanwhile(somebody: BrowserContext, api: Api) -> None:
    with scripted_api() as slow:
        slow.prediction = JSONResponse(PREDICTION)
        moved = {"api_url": slow.address, "port_offset": free_offset(api.settings)}
        settings = api.settings.model_copy(update=moved)
        with running(serving.form(settings), settings):
            page = empty_page(somebody)
            open_form(page, settings.url("form"), password(settings))
            fill(page, "es", **CHOSEN)
            slow.answer_now.clear()
            button(page, "submit").click()
            assert slow.asked.wait(timeout=30)
            box(page, "number_inpatient").press("9")
            slow.answer_now.set()
            expect(risk_shown(page)).to_have_count(1)
            assert not risk_shown(page).is_visible()
            expect(box(page, "number_inpatient")).to_be_focused()
            page.close()
