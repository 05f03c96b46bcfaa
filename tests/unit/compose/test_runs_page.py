"""The page of MLflow that `make up` shows: of the platform's runs, or the start where MLflow does not say."""

import socket
import subprocess
import sys
from threading import Thread

import pytest

from tests.conftest import ROOT

START = "/#/experiments?workflowType=machine_learning"


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        (b'HTTP/1.1 200 OK\r\n\r\n{"experiment": {"experiment_id": "7"}}', START.replace("?", "/7/runs?")),
        (b"HTTP/1.1 404 Not Found\r\n\r\n{}", START),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", START),
        (b"220 a mail server\r\n", START),
        (b"", START),
    ],
    ids=["runs", "no experiment", "no JSON", "no HTTP", "hangs up"],
)
def test_the_page_is_that_of_the_runs_where_mlflow_says_so(answer: bytes, page: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_answer, args=(server, answer), daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        code = f"import runs_page; runs_page.SERVER = {address!r}; print(runs_page.runs_page('readmission'))"
        done = subprocess.run((sys.executable, "-c", code), cwd=ROOT / "mlflow", capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (page, "")


def _answer(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1_000)
        connection.sendall(answer)
