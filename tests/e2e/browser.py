"""Debian's Chromium, headless, through Playwright: the platform's pages as a person sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
PICTURES = Path(__file__).parents[2] / "imagenes"
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


@contextmanager
def page() -> Iterator[Page]:
    """An empty page of a browser of its own, in Spanish."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            opened = browser.new_page(viewport={"width": 1400, "height": 900}, locale="es")
            opened.set_default_timeout(60_000)
            yield opened
        finally:
            browser.close()


def picture(shown: Page, name: str) -> None:
    """Saves what the page shows, for the README."""
    PICTURES.mkdir(exist_ok=True)
    shown.screenshot(path=PICTURES / f"{name}.png")
