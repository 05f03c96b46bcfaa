"""Debian's Chromium, headless, through Playwright, and axe-core: pages as people see them (`make browser`)."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, HttpCredentials, Page, expect, sync_playwright

AXE = Path(__file__).parents[1] / "var/axe/node_modules/axe-core/axe.min.js"
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
_GRAVE = ("serious", "critical")


@contextmanager
def chromium(*arguments: str, home: Path | None = None) -> Iterator[Browser]:
    """A running browser, in a home of its own if it is given one; skipped where there is none, and fails in CI."""
    found = shutil.which("chromium")
    if found is None:
        _absent("Debian's chromium")
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=[*_ARGUMENTS, *arguments], env={**os.environ, "HOME": str(home or Path.home())}
        )
        try:
            yield browser
        finally:
            browser.close()


def trusting(authority: Path, home: Path) -> None:
    """Makes a home whose browser trusts an authority (PEM), as `docs/tls.md` has people do."""
    certutil = shutil.which("certutil") or _absent("Debian's libnss3-tools")
    database = home / ".pki/nssdb"
    database.mkdir(parents=True)
    for command in (("-N", "--empty-password"), ("-A", "-t", "C,,", "-n", "platform", "-i", str(authority))):
        subprocess.run((certutil, "-d", f"sql:{database}", *command), check=True, capture_output=True)


def visitor(browser: Browser, login: tuple[str, str] | None = None) -> BrowserContext:
    """Somebody at a screen of a usual size, in Spanish, whose browser keeps what it has fetched once.

    A server that asks the browser itself for a name and a password gets those of the login.
    """
    known: HttpCredentials | None = {"username": login[0], "password": login[1]} if login else None
    return browser.new_context(viewport={"width": 1400, "height": 900}, locale="es", http_credentials=known)


def empty_page(of: BrowserContext) -> Page:
    """Another page of a visitor."""
    opened = of.new_page()
    opened.set_default_timeout(60_000)
    return opened


def grave_faults(shown: Page) -> list[str]:
    """What axe-core finds serious or critical on a page as it stands: the rule, the element and what is wrong."""
    if not AXE.is_file():
        _absent("axe-core")
    if not shown.evaluate("'axe' in window"):
        shown.add_script_tag(path=AXE)
    found: dict[str, Any] = shown.evaluate("axe.run()")
    assert len(found["passes"]) > 20, "axe-core looked at next to nothing"
    return [
        f"{fault['impact']} {fault['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"]
        if fault["impact"] in _GRAVE
    ]


def _absent(what: str) -> NoReturn:
    reason = f"needs {what}: make browser"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
