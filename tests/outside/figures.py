"""What a session of end-to-end tests measures, and what it could not prove: the plugin of those suites."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

Figures = dict[str, Any]
# Ends a test that needs what is not here; the reason that it is given is told at the end of the session.
NotProven = Callable[[str], NoReturn]

_FIGURES = pytest.StashKey[Figures]()
_SUMMARY = pytest.StashKey[Path]()


def collect(config: pytest.Config, summary: Path) -> None:
    """Makes room for the figures of a session, which are written to a file at its end."""
    config.stash[_FIGURES] = {"not_proven": []}
    config.stash[_SUMMARY] = summary
    if not config.pluginmanager.has_plugin(__name__):
        config.pluginmanager.register(sys.modules[__name__], __name__)


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Figures:
    """What the session measures, by name."""
    return request.config.stash[_FIGURES]


@pytest.fixture
def not_proven(figures: Figures) -> NotProven:
    """The way to say that something could not be proven on this machine."""

    def say(reason: str) -> NoReturn:
        figures["not_proven"].append(reason)
        pytest.skip(f"NOT PROVEN: {reason}")

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints the figures and writes them to the file, then prints what could not be proven."""
    measured, summary = config.stash[_FIGURES], config.stash[_SUMMARY]
    if len(measured) > 1:
        summary.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
        terminalreporter.section(f"figures ({summary.name})")
        for name, value in measured.items():
            terminalreporter.write_line(f"{name}: {value}")
    for reason in measured["not_proven"]:
        terminalreporter.write_line(f"NOT PROVEN: {reason}", red=True, bold=True)
