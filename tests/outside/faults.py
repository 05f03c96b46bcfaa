"""What goes wrong with a platform in Docker, mostly with its database: each lasts a while, then it is taken back.

Nobody lends the service a hand meanwhile or after.
"""

from collections.abc import Callable
from pathlib import Path
from threading import Event

from tests.e2e.stack import SHELL, Stack, docker

Fault = Callable[[Stack, float], None]

_NO_ROUTE = Path(__file__).with_name("no_route.py").read_text(encoding="utf-8")


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


def parted(stack: Stack, one: str, other: str, seconds: float) -> None:
    """Two services that run do not reach each other, and everything else goes on."""
    inside = f"container:{stack.container(one)['Id']}"
    there = stack.container(other)["NetworkSettings"]["Networks"].values()
    addresses = [network["IPAddress"] for network in there if network["IPAddress"]]
    command = ("python", "-c", _NO_ROUTE, str(seconds), *addresses)
    docker("run", "--rm", "--cap-add=NET_ADMIN", f"--network={inside}", SHELL, *command)


def unreachable(stack: Stack, seconds: float) -> None:
    """The server runs, and the service does not reach it."""
    parted(stack, "api", "mysql", seconds)


DATABASE_FAULTS: dict[str, Fault] = {
    "the database is killed": killed,
    "the database is stopped": stopped,
    "the database is read-only": read_only,
    "the table is locked": locked,
    "the database is frozen": frozen,
    "the database is unreachable": unreachable,
}
