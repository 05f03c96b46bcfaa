"""What goes wrong with the database of a platform in Docker: each fault lasts for a while, then it is taken back.

Nobody lends the service a hand meanwhile or after.
"""

from collections.abc import Callable
from threading import Event

from tests.e2e.stack import Stack

Fault = Callable[[Stack, float], None]


def pause(seconds: float) -> None:
    """Lets a fault last."""
    Event().wait(seconds)


def killed(stack: Stack, seconds: float) -> None:
    """The server crashes, and Compose starts it again."""
    stack.crash("mysql")
    pause(seconds)


def stopped(stack: Stack, seconds: float) -> None:
    """The server is away: its address refuses, then leads nowhere."""
    stack.compose("stop", "mysql")
    pause(seconds)
    stack.compose("start", "mysql")


def read_only(stack: Stack, seconds: float) -> None:
    """The server reads and does not write, as one that was demoted does."""
    stack.as_root("SET GLOBAL super_read_only = 1")
    pause(seconds)
    stack.as_root("SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0")


def locked(stack: Stack, seconds: float) -> None:
    """Somebody holds the table of predictions."""
    stack.as_root(f"LOCK TABLES predictions WRITE; SELECT SLEEP({seconds})")


def frozen(stack: Stack, seconds: float) -> None:
    """The server takes connections and says nothing."""
    stack.compose("pause", "mysql")
    pause(seconds)
    stack.compose("unpause", "mysql")


DATABASE_FAULTS: dict[str, Fault] = {
    "the database is killed": killed,
    "the database is stopped": stopped,
    "the database is read-only": read_only,
    "the table is locked": locked,
    "the database is frozen": frozen,
}
