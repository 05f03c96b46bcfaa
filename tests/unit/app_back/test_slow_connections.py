"""A connection that keeps the service waiting is closed; one that only waits for an answer is not."""

import asyncio
import socket
from collections.abc import Iterator
from threading import Thread
from time import monotonic

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app_back import http_protocol
from app_back.http_protocol import PatientProtocol

PATIENCE = 0.5
HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"


async def _application(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answers when the body has come, after longer than a request may take to come."""
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(PATIENCE * 2)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS", PATIENCE)
    config = uvicorn.Config(
        _application, port=0, log_level="critical", http=PatientProtocol, lifespan="off", timeout_keep_alive=1
    )
    server, bound = uvicorn.Server(config), config.bind_socket()
    bound.listen()
    thread = Thread(target=server.run, args=([bound],))
    thread.start()
    yield bound.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=30)
    bound.close()


def _answer(port: int, *sent: bytes) -> tuple[bytes, float]:
    """What comes back until the service closes, and after how many seconds that is."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for part in sent:
            connection.sendall(part)
        began, got = monotonic(), b""
        while part := connection.recv(4_096):
            got += part
    return got, monotonic() - began


@pytest.mark.parametrize(
    "sent",
    [(), (HEAD,), (HEAD + b"Content-Length: 5\r\n\r\n", b"ab")],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_request_that_does_not_come_whole_is_given_up(port: int, sent: tuple[bytes, ...]) -> None:
    got, seconds = _answer(port, *sent)
    assert got == b"" and PATIENCE * 0.9 <= seconds < 5


def test_an_answer_may_take_longer_and_the_connection_is_closed_when_idle(port: int) -> None:
    got, seconds = _answer(port, HEAD + b"Content-Length: 2\r\n\r\n", b"ab")
    assert got.startswith(b"HTTP/1.1 200 OK") and got.endswith(b"ok")
    assert seconds >= PATIENCE * 2 + 0.9
