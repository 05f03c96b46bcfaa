"""A check of a service's health says yes or no, whatever program has the service's port."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from readmission.local.health import airflow_component_healthy, answers


@contextmanager
def _answering(answer: bytes) -> Iterator[str]:
    """The address of a server that answers one request so, word for word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_answer, args=(server, answer), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _answer(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1_000)
        connection.sendall(answer)


def _http(body: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    "body", ["null", "[]", "7", '"well"', '{"scheduler": null}', '{"scheduler": []}', "{}", "<html>", ""]
)
def test_what_is_not_airflow_is_not_healthy(body: str) -> None:
    with _answering(_http(body)) as address:
        assert not airflow_component_healthy(address, "scheduler")


def test_airflow_that_sees_its_scheduler_is_healthy() -> None:
    with _answering(_http('{"scheduler": {"status": "healthy"}}')) as address:
        assert airflow_component_healthy(address, "scheduler")


def test_what_speaks_no_http_is_not_healthy() -> None:
    for check in (answers, lambda address: airflow_component_healthy(address, "scheduler")):
        with _answering(b"220 a mail server\r\n") as address:
            assert not check(address)
