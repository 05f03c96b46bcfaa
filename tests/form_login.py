"""How a test's browser gets into the form: every test that sees the form comes in here."""

from playwright.sync_api import Page

from connections.settings import Settings


def password(settings: Settings) -> str:
    """The ward's password."""
    return settings.form_password.get_secret_value()


def open_form(shown: Page, address: str, password: str) -> None:
    """Opens the form in a page and logs in with the ward's password."""
    shown.goto(address)
    log_in(shown, password)
    shown.locator(".st-key-submit button").wait_for()


def log_in(shown: Page, password: str) -> None:
    """Types a password into the form's log-in, and sends it."""
    box = shown.locator(".st-key-password input")
    box.fill(password)
    box.press("Enter")
