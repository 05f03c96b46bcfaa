"""Whether the database takes rows: what one thread has found out, the others need not wait for."""

import logging
from threading import Condition

logger = logging.getLogger(__name__)


class Availability:
    """Good until it failed somebody, and then bad until somebody has got a row through."""

    def __init__(self) -> None:
        self._problem: str | None = None
        self._changed = Condition()

    @property
    def problem(self) -> str | None:
        """Why the database takes no rows, or None."""
        return self._problem

    def failed(self, problem: str) -> None:
        """Takes note of a failure; each reason is logged once."""
        with self._changed:
            if self._problem != problem:
                logger.warning("predictions go to the journal: %s", problem)
            self._problem = problem
            self._changed.notify_all()

    def works(self) -> None:
        """Takes note that the database took a row."""
        with self._changed:
            if self._problem is not None:
                logger.warning("the database takes predictions again")
            self._problem = None

    def wake(self) -> None:
        """Ends the pause of whoever is in one."""
        with self._changed:
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Waits so long, or until the next failure."""
        with self._changed:
            self._changed.wait(seconds)
