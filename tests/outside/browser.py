"""The platform's pages as a person sees them, and pictures of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from tests.chromium import chromium, empty_page, visitor

PICTURES = Path(__file__).parents[2] / "imagenes"
TakePicture = Callable[[Page, str], None]


@contextmanager
def page(login: tuple[str, str] | None = None) -> Iterator[Page]:
    """An empty page of a browser of its own, in Spanish, whose person has a login."""
    with chromium() as browser:
        yield empty_page(visitor(browser, login))


def save(shown: Page, name: str) -> None:
    """Saves what the page shows, for the README."""
    PICTURES.mkdir(exist_ok=True)
    shown.screenshot(path=PICTURES / f"{name}.png")
