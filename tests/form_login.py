"""How a test's browser gets into the form: every test that sees the form comes in here."""

from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect

from connections.settings import Settings


def password(settings: Settings) -> str:
    """The ward's password."""
    return settings.form_password.get_secret_value()


def open_form(shown: Page, address: str, password: str) -> None:
    """Opens the form in a page and logs in with the ward's password; again where a busy machine lost the key press."""
    shown.goto(address)
    for _ in range(3):
        log_in(shown, password)
        with suppress(AssertionError):
            expect(shown.locator(".st-key-submit button")).to_be_visible(timeout=20_000)
            return
    pytest.fail(f"nobody was let in: {shown.locator('body').inner_text()}")


def log_in(shown: Page, password: str) -> None:
    """Types a password into the form's log-in, and sends it."""
    box = shown.locator(".st-key-password input")
    box.wait_for()
    expect(shown.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    box.fill(password)
    box.press("Enter")
