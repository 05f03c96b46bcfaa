"""The form against the real prediction service, with a model out of a real registry."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, sync_playwright
from streamlit.testing.v1 import AppTest

from app_front.form_state import initial
from app_front.sentences import Language, percent, risk
from app_front.widgets import options
from connections.model_registry import client
from connections.settings import Settings, get_settings
from readmission.features import BY_NAME, ENCOUNTER_REF_LENGTH, FIELDS, Field, complete_request
from readmission.local import serving
from tests.conftest import ROOT
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.registry import register
from tests.integration.app_back.servers import own_settings, running, running_api, wait_for

APP = ROOT / "app_front/app.py"
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LANGUAGES: tuple[Language, ...] = ("es", "en")
CODED = {
    "discharge_code": "discharge_disposition_id",
    "admission_type_code": "admission_type_id",
    "admission_source_code": "admission_source_id",
}


@pytest.fixture(scope="module")
def api(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("form")
    settings = own_settings(stores, folder, "form")
    registered = register(settings, folder / "files")
    with running_api(settings) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        yield Api(http, settings, registered)


@pytest.fixture
def form(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("API_URL", api.settings.url("api"))
    get_settings.cache_clear()
    yield AppTest.from_file(str(APP), default_timeout=60).run()
    get_settings.cache_clear()


def enter(form: AppTest, name: str, value: Any) -> None:
    key, kind = f"{name}:{form.session_state['language']}", BY_NAME[name].kind
    if kind == "number":
        form.number_input(key=key).set_value(value)
    elif kind == "category":
        form.selectbox(key=key).select(value)
    else:
        form.text_input(key=key).input(value)


def submit(form: AppTest) -> AppTest:
    form.button(key="submit").click().run()
    assert not form.exception
    return form


def switch(form: AppTest, language: Language) -> None:
    if form.session_state["language"] != language:
        form.button(key=f"switch_to_{language}").click().run()


def button(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} [data-testid^=stBaseButton]:visible")


def latest(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.http.get("/predictions", params={"limit": 1}).json()["predictions"][0]
    return found


def another(field: Field) -> Any:
    """A value that the field does not start with."""
    if field.kind == "number":
        assert field.minimum is not None
        return field.minimum + 7
    if field.kind == "category":
        return next(option for option in reversed(options(field)) if option != initial(field))
    return "250.83" if field.kind == "icd9" else "r" * ENCOUNTER_REF_LENGTH


def test_the_model_in_production_is_named_and_said_to_be_synthetic(api: Api, form: AppTest) -> None:
    named = api.settings.model_name.replace("_", r"\_")
    lines = [line.value for line in form.markdown]
    assert f"Modelo en producción: **{named}**, versión **{api.registered.version}**" in lines
    assert "**sintéticos**" in form.warning[0].value


def test_an_untouched_form_asks_for_the_default_encounter(api: Api, form: AppTest) -> None:
    submit(form)
    logged = latest(api)
    assert logged["inputs"] == complete_request({})
    assert form.metric[0].value == percent(logged["probability"], "es")
    assert logged["prediction_id"] in form.caption[1].value
    assert f"versión {api.registered.version}" in form.caption[1].value


def test_what_is_sent_is_what_was_entered_in_every_field(api: Api, form: AppTest) -> None:
    entered = {field.name: another(field) for field in FIELDS}
    assert all(value != BY_NAME[name].default for name, value in entered.items())
    switch(form, "en")
    for name, value in entered.items():
        enter(form, name, value)
    submit(form)
    groups = {group: (BY_NAME[group].groups or {})[entered[code]] for code, group in CODED.items()}
    assert latest(api)["inputs"] == entered | groups
    assert latest(api)["encounter_ref"] == entered["encounter_ref"]


def test_both_risks_in_both_languages(api: Api, form: AppTest) -> None:
    answered = set()
    for stays in (0, 20):
        enter(form, "number_inpatient", stays)
        submit(form)
        logged = latest(api)
        answered.add(logged["prediction"])
        for language in LANGUAGES:
            switch(form, language)
            said = risk(logged["prediction"] == 1, logged["probability"], language)
            assert f">{said}<" in form.get("html")[0].proto.body
            assert ("**Readmitido**" if logged["prediction"] else "**No Readmitido**") in form.markdown[-1].value
    assert answered == {0, 1}


def test_a_result_is_not_shown_beside_other_values_than_its_own(form: AppTest) -> None:
    submit(form)
    assert form.metric
    enter(form, "age", 90)
    switch(form, "en")
    assert not form.metric


def test_a_refused_field_is_named_and_nothing_is_logged(api: Api, form: AppTest) -> None:
    before = latest(api)["prediction_id"]
    enter(form, "diag_2", "flu")
    submit(form)
    assert "**Segundo diagnóstico (CIE-9)** admite un código CIE-9" in form.error[0].value
    assert not form.metric
    assert latest(api)["prediction_id"] == before


def test_no_model_in_production(api: Api, form: AppTest) -> None:
    registry, settings = client(api.settings), api.settings
    registry.delete_registered_model_alias(settings.model_name, settings.model_alias)
    try:
        wait_for(lambda: api.http.get("/health/ready").status_code == 503)
        submit(form)
        assert "Todavía no hay un modelo en producción" in form.warning[0].value
        assert "**El servicio todavía no puede predecir.**" in form.warning[1].value
        assert "preprocesar" in form.warning[1].value
        assert not form.metric
    finally:
        registry.set_registered_model_alias(settings.model_name, settings.model_alias, api.registered.version)
        wait_for(lambda: api.http.get("/health/ready").status_code == 200)


def test_in_a_browser_a_choice_survives_both_languages_and_is_what_is_sent(api: Api) -> None:
    """A browser sends a choice by its words, which Streamlit's test runner does not."""
    if (chromium := shutil.which("chromium")) is None:
        pytest.skip("needs Debian's chromium")
    with running(serving.form(api.settings), api.settings), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(api.settings.url("form"))
        page.get_by_role("combobox", name="Sexo").click()
        page.get_by_role("option", name="Hombre", exact=True).click()
        page.get_by_role("spinbutton", name="Edad (años)").fill("81")
        for language in ("en", "es", "en"):
            button(page, f"switch_to_{language}").click()
        button(page, "switch_to_es").wait_for()
        button(page, "submit").click()
        page.get_by_text(re.compile(r"^(low|high) risk \(")).wait_for()
        logged = latest(api)
        assert page.get_by_text(risk(logged["prediction"] == 1, logged["probability"], "en"), exact=True).is_visible()
        browser.close()
    assert logged["inputs"] == complete_request({"gender": "Male", "age": 81})
