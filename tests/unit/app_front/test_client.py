"""What the form says of an answer that is no prediction does not hold what that says."""

import logging
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from app_front.client import ApiError, NotReady, PredictionClient, Refused, Unexpected
from tests.web_server import sized, web_server

SENTINEL = b'{"predictions": [{"encounter_ref": "SENTINEL-REF-7F3A", "inputs": {"age": 65}}], "waiting": 0}'


def listing(handler: BaseHTTPRequestHandler) -> None:
    sized(handler, SENTINEL)


def redirecting(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(307)
    handler.send_header("Location", "/predictions?encounter_ref=SENTINEL-REF-7F3A")
    handler.send_header("Content-Length", str(len(SENTINEL)))
    handler.end_headers()
    handler.wfile.write(SENTINEL)


def failing(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(502)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.send_header("Content-Length", str(len(SENTINEL)))
    handler.end_headers()
    handler.wfile.write(SENTINEL)


def answering(status: int, message: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = f'{{"error": {{"code": "x", "message": "{message}"}}}}'.encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize("answer", [listing, redirecting, failing], ids=lambda each: each.__name__)
def test_an_answer_of_another_shape_is_not_quoted(
    answer: Callable[[BaseHTTPRequestHandler], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with web_server(answer) as address, pytest.raises(Unexpected) as caught:
        PredictionClient(address).predict({"age": 65})
    assert caught.value.detail.startswith(f"{len(SENTINEL)} bytes, ")
    assert "SENTINEL" not in f"{caught.value!r}" + caplog.text


@pytest.mark.parametrize(("status", "kind"), [(503, NotReady), (422, Refused), (500, Unexpected)])
def test_the_services_own_words_are_told(status: int, kind: type[ApiError]) -> None:
    with web_server(answering(status, "the disk is full")) as address, pytest.raises(kind) as caught:
        PredictionClient(address).model()
    assert "the disk is full" in repr(caught.value)
