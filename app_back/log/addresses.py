"""Reaching a server within a limit of time, the look-up of its name included."""

import socket
import time
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Thread

# What `socket.getaddrinfo` gives: family, kind, protocol, name, address.
_Found = Sequence[tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]]


def reach(host: str, port: int, until: float) -> socket.socket:
    """A connected socket without a timeout of its own, by `until` in seconds of `time.monotonic`.

    Raises:
        OSError: the name is not known or nobody answers.
    """
    failure = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in _looked_up(host, port, until):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(max(until - time.monotonic(), 0.001))
            connection.connect(address)
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return connection
        except OSError as error:
            connection.close()
            failure = error
    raise failure


def _looked_up(host: str, port: int, until: float) -> _Found:
    """The addresses of a name. A look-up cannot be broken off: it is left to end in a thread of its own."""
    answer: Future[_Found] = Future()

    def look_up() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            answer.set_exception(error)

    Thread(target=look_up, name="log-look-up", daemon=True).start()
    return answer.result(timeout=max(until - time.monotonic(), 0.001))
