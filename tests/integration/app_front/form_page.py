"""The form's page as a person meets it in a browser: what is on it, and how a risk is asked for."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, expect

from app_front import sentences
from app_front.sentences import Language, say
from readmission.features import BY_NAME, FIELDS, Text
from tests.integration.app_front.entries import label


def button(page: Page, key: str) -> Locator:
    """A button of the form, by its key."""
    return page.locator(f".st-key-{key} [data-testid^=stBaseButton]:visible")


def risk_shown(page: Page) -> Locator:
    """The risk that the page shows."""
    return page.get_by_test_id("stMetricValue")


def withdrawn(page: Page, language: Language = "es") -> Locator:
    """What the page says where a risk was, once an input was changed."""
    return page.get_by_test_id("stAlert").get_by_text(say(sentences.WITHDRAWN, language)).locator("visible=true")


def predict(page: Page) -> None:
    """Presses the button once what was entered has arrived; again where a press overtook it on a busy machine."""
    for _ in range(3):
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        # As long as a person's finger: what was typed goes out when its field is left, when the button is touched.
        button(page, "submit").click(delay=100)
        with suppress(AssertionError):
            expect(risk_shown(page)).to_be_visible(timeout=15_000)
            return
    pytest.fail("no press came to a result")


def refusal(page: Page) -> Locator:
    """What was refused; the place may still hold what was in it before while the page is drawn anew."""
    return page.locator('[class*="st-key-refusal-"] [role=alert]').first


def box(page: Page, name: str, language: Language = "es") -> Locator:
    """The input of a field."""
    return page.get_by_label(label(BY_NAME[name], language), exact=True)


def words(language: Language) -> set[str]:
    """Every text of the form that differs between the languages, without those that have blanks to fill."""
    texts = [text for text in vars(sentences).values() if isinstance(text, Text)]
    for field in FIELDS:
        texts += [*field.texts, *(field.category_text(category) for category in field.vocabulary)]
    both = {text.es for text in texts} & {text.en for text in texts}
    said = {say(text, language) for text in texts if text.es != text.en} - both - set(sentences.SWITCH)
    return {re.sub(r"\*\*", "", text) for text in said if "{" not in text}


def seen_and_heard(page: Page) -> set[str]:
    """Each line that the page shows, and each name that it gives to an element."""
    names = page.locator("[aria-label]").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    hints = page.locator("[placeholder]").evaluate_all("all => all.flatMap(one => [one.placeholder, one.value])")
    lines = [line.strip() for line in page.locator("body").inner_text().splitlines()]
    return {*names, *hints, *lines} - {""}
