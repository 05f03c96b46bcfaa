"""The service behind the form, and what tests enter in it, by test runner and by browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

from app_front.sentences import Language, say
from connections.settings import Settings
from readmission.features import BY_NAME, Field
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.registry import register
from tests.integration.app_back.servers import own_settings, running_api, wait_for

# What must be chosen: no value is the contract's default.
CHOSEN = {
    "age": "81",
    "time_in_hospital": "6",
    "discharge_disposition_id": "Otro",
    "number_inpatient": "0",
    "number_emergency": "1",
    "number_diagnoses": "7",
    "num_medications": "18",
}
AS_SENT = {name: int(value) if value.isdigit() else value for name, value in CHOSEN.items()}


@contextmanager
def form_api(stores: Settings, folder: Path, name: str) -> Iterator[Api]:
    """A service that answers with a model out of a real registry."""
    settings = own_settings(stores, folder, name)
    registered = register(settings, folder / "files")
    with running_api(settings) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        yield Api(http, settings, registered)


def enter(form: AppTest, name: str, value: Any) -> None:
    """Enter a value in the test runner's form."""
    key = f"{name}:{form.session_state['language']}"
    if BY_NAME[name].kind == "category":
        form.selectbox(key=key).select(value)
    else:
        form.text_input(key=key).input(value)


def choose_essentials(form: AppTest, **others: str) -> AppTest:
    """Enter all that must be chosen."""
    for name, value in (CHOSEN | others).items():
        enter(form, name, value)
    return form


def label(field: Field, language: Language) -> str:
    """A field's label."""
    return say(field.texts.label, language)


def fill(page: Page, language: Language, **values: str) -> None:
    """Enter values in a page, and leave each field."""
    for name, value in values.items():
        field = BY_NAME[name]
        box = page.get_by_label(label(field, language), exact=True)
        words = say(field.category_text(value), language) if field.kind == "category" else value
        box.fill(words)
        if field.kind == "category":
            page.get_by_role("option", name=words, exact=True).click()
        else:
            box.press("Tab")
