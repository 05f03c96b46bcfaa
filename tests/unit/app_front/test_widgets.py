"""The form's widgets against the contract, run by Streamlit's own test runner; nothing listens at the API's address."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox, TextInput

from app_front.checks import REQUIRED
from app_front.form_state import initial
from app_front.sentences import Language, say
from app_front.widgets import options
from connections.settings import get_settings
from readmission.features import FIELDS as ALL_FIELDS
from readmission.features import Field
from tests.conftest import ROOT

APP = ROOT / "app_front/app.py"
# Those of earlier stays are asked for where the version that answers uses them; here nothing answers.
FIELDS = tuple(field for field in ALL_FIELDS if not field.history)
LANGUAGES: tuple[Language, ...] = ("es", "en")


@pytest.fixture
def form(monkeypatch: pytest.MonkeyPatch, no_login: None) -> Iterator[AppTest]:  # noqa: ARG001
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    get_settings.cache_clear()
    yield AppTest.from_file(str(APP), default_timeout=60).run()
    get_settings.cache_clear()


def widget(form: AppTest, field: Field) -> Selectbox[str] | TextInput:
    key = f"{field.name}:{form.session_state['language']}"
    return form.selectbox(key=key) if field.kind == "category" else form.text_input(key=key)


def switch(form: AppTest) -> AppTest:
    other = "en" if form.session_state["language"] == "es" else "es"
    return form.button(key=f"switch_to_{other}").click().run()


def check_words(form: AppTest, language: Language) -> None:
    in_sight = [caption.value for caption in form.caption]
    for field in FIELDS:
        drawn = widget(form, field)
        assert drawn.label == say(field.texts.label, language)
        assert say(field.texts.help, language) in ([drawn.help] if drawn.help else in_sight)


def test_every_field_has_its_widget_and_initial_value(form: AppTest) -> None:
    assert not form.exception
    assert len(form.selectbox) + len(form.text_input) == len(FIELDS)
    for field in FIELDS:
        drawn = widget(form, field)
        assert drawn.value == initial(field)
        if field.kind == "number":
            assert drawn.placeholder == f"{field.minimum}-{field.maximum}"


def test_the_others_start_at_the_contracts_default_and_optional_ones_blank(form: AppTest) -> None:
    for field in FIELDS:
        value = widget(form, field).value
        if field.optional or field.name in REQUIRED:
            assert not value
        else:
            assert value == str(field.default)


def test_the_folds_are_closed_and_the_last_holds_what_changes_nothing(form: AppTest) -> None:
    assert [fold.proto.expanded for fold in form.expander] == [False, False, False]
    assert form.expander[2].label == "Se registran y no cambian el riesgo"
    drawn = {one.label for one in (*form.expander[2].selectbox, *form.expander[2].text_input)}
    assert drawn == {field.texts.label.es for field in FIELDS if not field.model}


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
    form.text_input(key="age:es").input("81")
    form.selectbox(key="gender:es").select("Male")
    form.selectbox(key="discharge_code:es").select("3")
    form.selectbox(key="insulin:es").select("Up")
    form.text_input(key="diag_1:es").input("250.83")
    for _ in range(4):
        switch(form)
        kept = {field.name: widget(form, field).value for field in FIELDS}
        changed = {"age": "81", "gender": "Male", "discharge_code": "3", "insulin": "Up", "diag_1": "250.83"}
        assert kept == {field.name: initial(field) for field in FIELDS} | changed


def test_new_patient_sets_every_field_back(form: AppTest) -> None:
    form.text_input(key="age:es").input("81")
    form.selectbox(key="insulin:es").select("Up")
    form.text_input(key="diag_1:es").input("250.83")
    form.button(key="clear").click().run()
    assert {field.name: widget(form, field).value for field in FIELDS} == {f.name: initial(f) for f in FIELDS}


def test_a_refused_number_is_told_beside_the_field_and_below_the_buttons(form: AppTest) -> None:
    form.text_input(key="age:es").input("3.7")
    form.button(key="submit").click().run()
    assert any("**Edad (años)** admite un número entero de 0 a 120; no «3.7»" in error.value for error in form.error)
    assert any(line.value == ":red[Admite un número entero de 0 a 120]" for line in form.markdown)
    assert not form.metric


def test_the_page_says_what_it_is_for_and_that_it_decides_nothing(form: AppTest) -> None:
    for promise in ("en el momento del alta", "probabilidad de que vuelva a ingresar", "no decide nada", "diagnóstico"):
        assert any(promise in line.value for line in form.markdown)
    switch(form)
    for promise in ("at discharge", "probability of another admission", "makes none", "not a diagnosis"):
        assert any(promise in line.value for line in form.markdown)
