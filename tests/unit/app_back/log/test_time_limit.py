"""What a server does not do in time is cut off, and nothing else is."""

import socket
import time
from collections.abc import Iterator

import pytest

from app_back.log.time_limit import Limits


@pytest.fixture
def limits() -> Iterator[Limits]:
    made = Limits()
    yield made
    made.close()


def test_who_waits_on_a_silent_connection_is_let_go_at_the_limit(limits: Limits) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        began = time.monotonic()
        with limits.until(began + 0.3, ours):
            assert ours.recv(1) == b""  # it was shut
        assert 0.3 <= time.monotonic() - began < 5


def test_a_connection_that_was_in_time_is_left_alone_when_anothers_limit_passes(limits: Limits) -> None:
    (ours, theirs), (other, silent) = socket.socketpair(), socket.socketpair()
    with ours, theirs, other, silent:
        with limits.until(time.monotonic() + 0.2, ours):
            theirs.sendall(b"a")
            assert ours.recv(1) == b"a"
        with limits.until(time.monotonic() + 0.4, other):
            assert other.recv(1) == b""
        theirs.sendall(b"b")
        assert ours.recv(1) == b"b"
