"""What a session of end-to-end tests measures, and what it could not prove."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

Figures = dict[str, Any]
FIGURES = pytest.StashKey[Figures]()
# Ends a test that needs what is not here; the reason that it is given is told at the end of the session.
NotProven = Callable[[str], NoReturn]


def none_yet() -> Figures:
    """Nothing is measured, and nothing is known to lack."""
    return {"not_proven": []}


def tell(reporter: pytest.TerminalReporter, figures: Figures, summary: Path) -> None:
    """Prints the figures and writes them to a file, then prints what could not be proven."""
    if len(figures) > 1:
        summary.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        reporter.section(f"figures ({summary.name})")
        for name, value in figures.items():
            reporter.write_line(f"{name}: {value}")
    for reason in figures["not_proven"]:
        reporter.write_line(f"NOT PROVEN: {reason}", red=True, bold=True)
