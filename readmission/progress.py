"""How long work tells how far it is."""

import logging
import time
from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with what is done and, where it is known, the total (rows, bytes or steps)."""


def silent(done: int, total: int | None) -> None:
    """Tells nobody."""


def logged(logger: logging.Logger, what: str, every_seconds: float = 5.0) -> Progress:
    """Writes a log line at most every few seconds, for work whose only screen is a task's log."""
    last = time.monotonic()

    def report(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last < every_seconds:
            return
        last = time.monotonic()
        logger.info("%s: %s of %s", what, f"{done:,}", "?" if total is None else f"{total:,}")

    return report
