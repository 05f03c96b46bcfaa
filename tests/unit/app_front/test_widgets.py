"""The form's widgets against the contract, run by Streamlit's own test runner; nothing listens at the API's address."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import NumberInput, Selectbox, TextInput

from app_front.form_state import initial
from app_front.sentences import UNUSED, Language, say
from app_front.widgets import options
from connections.settings import get_settings
from readmission.features import ENCOUNTER_REF_LENGTH, FIELDS, Field
from tests.conftest import ROOT

APP = ROOT / "app_front/app.py"
LANGUAGES: tuple[Language, ...] = ("es", "en")


@pytest.fixture
def form(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    get_settings.cache_clear()
    yield AppTest.from_file(str(APP), default_timeout=60).run()
    get_settings.cache_clear()


def widget(form: AppTest, field: Field) -> NumberInput | Selectbox[str] | TextInput:
    key = f"{field.name}:{form.session_state['language']}"
    if field.kind == "number":
        return form.number_input(key=key)
    return form.selectbox(key=key) if field.kind == "category" else form.text_input(key=key)


def switch(form: AppTest) -> AppTest:
    other = "en" if form.session_state["language"] == "es" else "es"
    return form.button(key=f"switch_to_{other}").click().run()


def check_words(form: AppTest, language: Language) -> None:
    for field in FIELDS:
        drawn = widget(form, field)
        assert drawn.label.startswith(say(field.texts.label, language))
        assert drawn.help.startswith(say(field.texts.help, language))
        assert (say(UNUSED, language) in drawn.label) == (not field.model)


def test_every_field_has_its_widget_default_and_bounds(form: AppTest) -> None:
    assert not form.exception
    assert len(form.number_input) + len(form.selectbox) + len(form.text_input) == len(FIELDS)
    for field in FIELDS:
        drawn = widget(form, field)
        assert drawn.value == initial(field)
        assert drawn.form_id == "encounter"
        if isinstance(drawn, NumberInput):
            assert (drawn.min, drawn.max, drawn.step) == (field.minimum, field.maximum, 1)
        if isinstance(drawn, TextInput) and field.kind == "reference":
            assert drawn.proto.max_chars == ENCOUNTER_REF_LENGTH


def test_original_fields_start_at_the_contracts_default_and_optional_ones_blank(form: AppTest) -> None:
    for field in FIELDS:
        value = widget(form, field).value
        assert value in (None, "") if field.optional else value == field.default


def test_categories_are_translated_and_in_the_contracts_order(form: AppTest) -> None:
    for language in LANGUAGES:
        for field in (field for field in FIELDS if field.kind == "category"):
            shown = [say(field.category_text(category), language) for category in options(field)]
            drawn = widget(form, field)
            assert isinstance(drawn, Selectbox)
            assert drawn.options == shown
        switch(form)


def test_spanish_first_then_english_and_back(form: AppTest) -> None:
    check_words(form, "es")
    assert form.title[0].value == "Riesgo de reingreso en 30 días"
    check_words(switch(form), "en")
    assert form.title[0].value == "Risk of readmission within 30 days"
    check_words(switch(form), "es")


def test_switching_language_keeps_what_was_entered(form: AppTest) -> None:
    form.number_input(key="age:es").set_value(81)
    form.selectbox(key="gender:es").select("Male")
    form.selectbox(key="discharge_code:es").select("3")
    form.selectbox(key="insulin:es").select("Up")
    form.text_input(key="diag_1:es").input("250.83")
    for _ in range(4):
        switch(form)
        kept = {field.name: widget(form, field).value for field in FIELDS}
        changed = {"age": 81, "gender": "Male", "discharge_code": "3", "insulin": "Up", "diag_1": "250.83"}
        assert kept == {field.name: initial(field) for field in FIELDS} | changed


def test_new_patient_sets_every_field_back(form: AppTest) -> None:
    form.number_input(key="age:es").set_value(81)
    form.selectbox(key="insulin:es").select("Up")
    form.text_input(key="diag_1:es").input("250.83")
    form.button(key="clear").click().run()
    assert {field.name: widget(form, field).value for field in FIELDS} == {f.name: initial(f) for f in FIELDS}


def test_an_emptied_number_is_told_and_nothing_is_asked(form: AppTest) -> None:
    form.number_input(key="age:es").set_value(None)
    form.button(key="submit").click().run()
    assert any("**Edad (años)** admite un número entero de 0 a 120" in error.value for error in form.error)
    assert any(line.value == ":red[Admite un número entero de 0 a 120]" for line in form.markdown)
    assert not form.metric
