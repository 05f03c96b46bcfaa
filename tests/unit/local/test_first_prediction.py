"""A demo whose prediction fails names the log that says why."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from connections.settings import Settings
from readmission.local.first_prediction import PredictionError, predict


@contextmanager
def _service(settings: Settings, status: int, version: str = "3") -> Iterator[Settings]:
    """Settings of a service that serves a version, and answers predictions with a status, or hangs up at 0."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, {"version": version})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if status:
                self._say(status, {"error": {"message": "the disk is full"}})

        def _say(self, code: int, said: object) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield settings.model_copy(update={"api_port": server.server_port, "port_offset": 0})
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "version", "says"),
    [
        (503, "3", "refused POST /predict: 503 .*the disk is full"),
        (0, "3", "does not answer: "),
        (200, "2", "does not serve version 3 but 2"),
    ],
    ids=["refuses", "hangs up", "old version"],
)
def test_a_prediction_that_fails_names_the_log(settings: Settings, status: int, version: str, says: str) -> None:
    with _service(settings, status, version) as running, pytest.raises(PredictionError, match=says) as caught:
        predict(running, "3", follow_seconds=0.1)
    log = running.state_dir.resolve() / "log" / "api.log"
    assert str(caught.value).splitlines()[-1] == f"Its log says more: {log} (`make logs SERVICE=api`)"
