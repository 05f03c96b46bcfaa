"""How answers are held against rows, and what the clients of a load write down of a server that fails them."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tests.conftest import Poll
from tests.outside.answers import Outcome, compare
from tests.outside.under_load import Load, answers_so_far, load

ONE = {"answered": "id-0", "logged": "database", "ref": "l-0", "at": 0.1, "took": 0.01}
BROKEN = {"broken": "reset", "ref": "l-1", "at": 0.2, "took": 0.01}
REFUSED = {"status": 503, "text": "full", "ref": "l-2", "at": 0.3, "took": 0.01}


def _outcome() -> Outcome:
    outcome = Outcome("l")
    outcome.read([json.dumps(line) + "\n" for line in (ONE, BROKEN, REFUSED)] + ['{"answered": "id-3", "lo'])
    return outcome


@pytest.mark.parametrize(
    ("rows", "figures", "holds"),
    [
        ([("id-0", "l-0")], (1, 0, 0, 0, 0), True),
        ([("id-0", "l-0"), ("id-1", "l-1")], (1, 0, 0, 1, 0), True),
        ([], (0, 1, 0, 0, 0), False),
        ([("id-9", "l-0")], (0, 1, 0, 0, 0), False),
        ([("id-0", "l-0"), ("id-9", "l-0")], (1, 0, 1, 0, 0), False),
        ([("id-0", "l-0"), ("id-2", "l-2")], (1, 0, 0, 0, 1), False),
        ([("id-0", "l-0"), ("id-7", "l-7")], (1, 0, 0, 0, 1), False),
    ],
    ids=["logged", "logged unanswered", "lost", "another id", "twice", "logged and refused", "never asked"],
)
def test_each_answer_is_held_against_its_row(
    rows: list[tuple[str, str]], figures: tuple[int, ...], holds: bool
) -> None:
    found = compare(_outcome(), rows)
    assert (found.logged, len(found.lost), len(found.doubled), found.extra, len(found.strange)) == figures
    assert (found.answered, found.holds) == (1, holds)


def test_what_a_client_did_not_finish_writing_is_left_out() -> None:
    assert _outcome().answered == {"l-0": "id-0"} and len(_outcome().failed) == 2


Answer = Callable[[socket.socket, int], None]


@contextmanager
def _server(answer: Answer) -> Iterator[str]:
    """A server whose every request, numbered, is answered so; it takes one connection at a time."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=_serve, args=(listening, answer), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def _serve(listening: socket.socket, answer: Answer) -> None:
    number = 0
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            while sent := connection.recv(65_536):
                if sent.endswith(b"}"):  # headers come apart from the body
                    answer(connection, number)
                    number += 1


def _said(status: int, body: str) -> bytes:
    return f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def test_a_client_tells_answers_from_other_answers_and_from_none(tmp_path: Path, poll: Poll) -> None:
    def answer(connection: socket.socket, number: int) -> None:
        if number % 3 == 0:
            connection.sendall(_said(200, json.dumps({"prediction_id": f"id-{number}", "logged": "journal"})))
        elif number % 3 == 1:
            connection.sendall(_said(503, "full"))
        else:
            connection.shutdown(socket.SHUT_RDWR)

    with _server(answer) as url, load(url, "a-key", "l", {"age": 65}, tmp_path, Load(1, 1)) as outcome:
        poll(lambda: answers_so_far(tmp_path, "l") >= 9, deadline=20)
    assert outcome.answered["l-0-0-0"] == "id-0" and outcome.logged["journal"] == len(outcome.answered)
    assert "503 full" in outcome.statuses["l-0-0-1"]
    assert "l-0-0-2" in outcome.broken
