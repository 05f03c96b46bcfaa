"""What no client library would send: each gets an answer in the one error shape, or is served, and never a 5xx."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from app_back.http_protocol import MAX_HEAD_BYTES
from app_back.main import create_app
from connections.settings import Settings
from readmission.storage.databases import initialise
from tests.unit.app_back.test_error_shape import NOBODY_LISTENS, served

JSON = b"Content-Type: application/json\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\n"
POST = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + JSON
# Whoever has read it says that an age of 121 is too much, so that an answer shows that a body arrived.
BODY = b'{"age":121}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
READ = (422, "invalid_request")
NO_HTTP = (400, "bad_request")
NOT_FOUND = (404, "not_found")
NO_METHOD = (405, "method_not_allowed")
TOO_LARGE = (431, "head_too_large")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A service with a database and no model."""
    settings = Settings(api_auth="off", state_dir=tmp_path_factory.mktemp("api"), mlflow_tracking_uri=NOBODY_LISTENS)
    initialise(settings)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
            patch.setenv(name, "1")
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        for client in served(create_app(settings)):
            yield httpx.URL(client.base_url).port or 0


def answers(port: int, *sent: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    """Status, headers and body of each answer that comes until the service closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection, connection.makefile("rb") as got:
        for part in sent:
            connection.sendall(part)
        found = []
        while line := got.readline():
            status = int(line.split()[1])
            headers = dict(_headers(got.readline, b"\r\n"))
            found.append((status, headers, got.read(int(headers.get("content-length", 0)))))
    return found


def _headers(readline: Callable[[], bytes], end: bytes) -> Iterator[tuple[str, str]]:
    for line in iter(readline, end):
        name, _, value = line.decode("latin-1").partition(":")
        yield name.lower(), value.strip()


def get(path: bytes, method: bytes = b"GET", headers: bytes = b"") -> bytes:
    return method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + b"\r\n"


REFUSED = {
    "OPTIONS": (get(b"/predict", b"OPTIONS"), NO_METHOD),
    "OPTIONS of everything": (get(b"*", b"OPTIONS"), NOT_FOUND),
    "TRACE": (get(b"/predict", b"TRACE"), NO_METHOD),
    "PATCH": (get(b"/predictions", b"PATCH"), NO_METHOD),
    "POST where only GET is": (get(b"/health/ready", b"POST"), NO_METHOD),
    "a method of nobody": (get(b"/predict", b"BREW"), NO_HTTP),
    "an upgrade": (get(b"/predict", headers=b"Upgrade: websocket\r\n"), NO_METHOD),
    "no UTF-8 in the address": (get(b"/%ff%fe"), NOT_FOUND),
    "half an escape": (get(b"/%zz%"), NOT_FOUND),
    "a zero byte": (get(b"/static-offline-docs/%00"), NOT_FOUND),
    "out of the folder": (get(b"/static-offline-docs/..%2f..%2f..%2fapp_back%2fmain.py"), NOT_FOUND),
    "a name longer than files have": (get(b"/static-offline-docs/" + b"a" * 5_000), NOT_FOUND),
    "bytes in the address": (get(b"/\xff"), NO_HTTP),
    "a limit that is no UTF-8": (get(b"/predictions?limit=%ff"), READ),
    "a limit of thousands of digits": (get(b"/predictions?limit=" + b"9" * 5_000), READ),
    "a long address": (get(b"/" + b"a" * MAX_HEAD_BYTES), TOO_LARGE),
    "a long header": (get(b"/health/live", headers=b"X: " + b"a" * MAX_HEAD_BYTES + b"\r\n"), TOO_LARGE),
    "many headers": (get(b"/health/live", headers=b"".join(b"X-%d: a\r\n" % n for n in range(9_000))), TOO_LARGE),
    "a line that is no header": (get(b"/health/live", headers=b"garbage\r\n"), NO_HTTP),
    "a folded header": (get(b"/health/live", headers=b"X: a\r\n b\r\n"), NO_HTTP),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", NO_HTTP),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NO_HTTP),
    "a body": (POST + LENGTH + b"\r\n" + BODY, READ),
    "no body": (POST + b"\r\n", READ),
    "no content type": (get(b"/predict", b"POST", LENGTH) + BODY, READ),
    "chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\na\r\n\"age\":121}\r\n0\r\n\r\n", READ),
    "chunks that are none": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", NO_HTTP),
    "chunks and a length": (POST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", NO_HTTP),
    "a length twice": (POST + LENGTH * 2 + b"\r\n" + BODY, NO_HTTP),
    "two lengths": (POST + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY, NO_HTTP),
    "a negative length": (POST + b"Content-Length: -2\r\n\r\n" + BODY, NO_HTTP),
    "HTTP/1.0": (b"POST /predict HTTP/1.0\r\n" + JSON + LENGTH + b"\r\n" + BODY, READ),
    "HTTP/1.0 without a length": (b"POST /predict HTTP/1.0\r\n" + JSON + b"\r\n" + BODY, READ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_in_the_one_shape(port: int, sent: bytes, expected: tuple[int, str]) -> None:
    ((status, headers, body),) = answers(port, sent)
    error = json.loads(body)["error"]
    assert (status, error["code"]) == expected
    assert error["message"].isprintable() and headers["content-type"] == "application/json"
    assert ("allow" in headers) == (status == 405)


def test_a_refused_connection_is_closed_and_the_service_goes_on(port: int) -> None:
    ((_, headers, _),) = answers(port, b"no HTTP\r\n\r\n")
    assert headers["connection"] == "close"
    assert answers(port, get(b"/health/live"))[0][0] == 200


@pytest.mark.parametrize("begun", [LIVE + b"X: ", b"GET /"], ids=["header", "address"])
def test_a_head_without_end_is_not_kept(port: int, begun: bytes) -> None:
    """What was sent too much is thrown away with the connection, so its answer may not arrive."""
    taken = 0
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection, suppress(ConnectionError):
        connection.sendall(begun)
        while taken < 64 * 1024**2:
            taken += connection.send(b"a" * MAX_HEAD_BYTES)
    assert taken < 16 * 1024**2


def test_head_is_answered_without_a_body(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(get(b"/health/live", b"HEAD"))
        got = connection.makefile("rb").read()
    assert got.startswith(b"HTTP/1.1 405 ") and b"\r\nallow: GET\r\n" in got and got.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "sent",
    [
        get(b"http://here/health/live?any=%ff"),
        get(b"/health/live", headers=b"X-Request-ID: a\xffb\r\n"),
        b"GET /health/live HTTP/1.0\r\n\r\n",
        get(b"/health/live", headers=b"X: " + b"a" * (MAX_HEAD_BYTES - 1_000) + b"\r\n"),
    ],
    ids=["a whole address", "an id of bytes", "HTTP/1.0 without a host", "a header within the limit"],
)
def test_it_is_served(port: int, sent: bytes) -> None:
    ((status, _, body),) = answers(port, sent)
    assert (status, json.loads(body)["status"]) == (200, "ok")


def test_a_body_on_get_is_passed_over(port: int) -> None:
    """The connection goes on behind it: one that closed on a body which nobody had read would lose the answer."""
    body = b"Host: localhost\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    got = answers(port, LIVE + body + get(b"/nowhere"))
    assert [status for status, _, _ in got] == [200, 404]
    assert json.loads(got[0][2])["status"] == "ok"


def test_a_client_that_asks_first_is_told_to_go_on(port: int) -> None:
    asked = answers(port, POST + LENGTH + b"Expect: 100-continue\r\n\r\n", BODY)
    assert [status for status, _, _ in asked] == [100, 422]


def test_requests_in_a_row_are_answered_in_that_order(port: int) -> None:
    on = POST.replace(b"Connection: close\r\n", b"")
    row = on + b"Content-Length: 1\r\n\r\n{" + LIVE + b"Host: localhost\r\n\r\n" + on + LENGTH + b"\r\n" + BODY
    got = answers(port, row * 3 + get(b"/nowhere"))
    assert [status for status, _, _ in got] == [422, 200, 422] * 3 + [404]
    assert json.loads(got[2][2])["error"]["fields"][0]["field"] == "age"
