"""A way to a server that can be cut, or clogged: what connects here is passed on for a block, and then refused."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread


class _Relay(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def relay(port: int, to: int, flows: Event | None = None) -> Iterator[None]:
    """Passes connections to a port of loopback on to another one; after the block they are cut, and none is taken.

    While `flows` is given and not set, what is sent stays on the way.
    """
    way = flows or _flowing()
    ends: list[socket.socket] = []

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", to)) as server:
                ends.extend((self.request, server))
                answers = Thread(target=_pass_on, args=(server, self.request, way))
                answers.start()
                _pass_on(self.request, server, way)
                answers.join()

    with _Relay(("127.0.0.1", port), Handler) as listening:
        thread = Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            listening.shutdown()
            thread.join()
    way.set()
    for end in ends:
        with suppress(OSError):  # it was closed already
            end.shutdown(socket.SHUT_RDWR)


def _flowing() -> Event:
    flows = Event()
    flows.set()
    return flows


def _pass_on(source: socket.socket, target: socket.socket, flows: Event) -> None:
    with suppress(OSError):  # the way was cut
        while data := source.recv(65_536):
            flows.wait()
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
