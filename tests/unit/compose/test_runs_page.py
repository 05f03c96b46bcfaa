"""The page of MLflow that `make up` shows: of the platform's runs, or the start where MLflow does not say."""

import os
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
        asked = f"healthcheck.SERVER = {address!r}; print(runs_page.runs_page('readmission'))"
        environment = os.environ | {"MLFLOW_API_PASSWORD": "readers"}
        command = (sys.executable, "-c", f"import healthcheck, runs_page; {asked}")
        done = subprocess.run(command, cwd=ROOT / "mlflow", env=environment, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (page, "")


def _answer(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1_000)
        connection.sendall(answer)
