"""Asks for predictions until TERM, and writes a line of JSON for what became of each request, as soon as it is known.

Needs the standard library alone, so that it runs in a pod too. Each request has an `encounter_ref` of its own, by which
its row is found. A line has one of

    answered  the prediction's id; with `logged`, where its row was durable, and `ref`
    status    the status of an answer other than 200; with `text` and `ref`
    broken    why no answer came to a request that may have been read; with `ref`
    refused   why there was no connection, which has carried nothing and is tried again

`at` and `took` are seconds: since the start, and until that was known.
"""

import http.client
import json
import os
import signal
import socket
import sys
from itertools import count
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

_FLOWING = 60
_TIMEOUT = 30
ended, begun, answers = Event(), monotonic(), count(1)


class Client:
    """One that asks, one request after the other, on a connection that it keeps if it is told to."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self._name = name
        self._options = options
        self._connection: http.client.HTTPConnection | None = None
        self._asked = 0

    def keep_asking(self) -> None:
        """Asks again and again, with a pause between."""
        while not ended.is_set():
            if (connection := self._connected()) is not None:
                self._ask(connection)
            ended.wait(self._options["pause"])

    def _connected(self) -> http.client.HTTPConnection | None:
        if self._connection is not None:
            return self._connection
        connection = http.client.HTTPConnection(self._options["host"], self._options["port"], timeout=_TIMEOUT)
        started = monotonic()
        try:
            connection.connect()
        except OSError as error:
            tell(started, refused=repr(error))
            ended.wait(0.2)
            return None
        self._connection = connection
        return connection

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        ref = f"{self._name}-{self._asked}"
        self._asked += 1
        body = json.dumps({**self._options["body"], "encounter_ref": ref})
        started, keeps = monotonic(), self._options["keep"]
        try:
            headers = {"Content-Type": "application/json", "X-API-Key": self._options["key"]}
            connection.request("POST", "/predict", body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            keeps = keeps and not answer.will_close
            if answer.status == http.client.OK:
                found = json.loads(text)
                tell(started, answered=found["prediction_id"], logged=found.get("logged"), ref=ref)
                if next(answers) == _FLOWING and self._options["flows"]:
                    Path(self._options["flows"]).touch()
            else:
                tell(started, status=answer.status, text=text[:200], ref=ref)
        except (OSError, http.client.HTTPException) as error:
            tell(started, broken=repr(error), ref=ref)
            keeps = False
        if not keeps:
            connection.close()
            self._connection = None


def tell(started: float, **what: object) -> None:
    """Writes one line; nothing that was written is lost when this process is killed."""
    times = {"at": round(started - begun, 3), "took": round(monotonic() - started, 3)}
    os.write(sys.stdout.fileno(), json.dumps({**what, **times}).encode() + b"\n")


def _wait_for_somebody(host: str, port: int) -> None:
    """A cluster lets a new pod into its networks a moment after its start; that is no refusal."""
    while not ended.is_set():
        try:
            socket.create_connection((host, port), timeout=_TIMEOUT).close()
        except OSError:
            ended.wait(0.2)
        else:
            return


def main(options: dict[str, Any]) -> None:
    """Asks from `at_once` threads until TERM comes; `host`, `port`, `key`, `name`, `body`, `pause` in
    seconds, `keep`.

    The file `flows` is made when requests flow.
    """
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    _wait_for_somebody(options["host"], options["port"])
    clients = [Client(f"{options['name']}-{number}", options) for number in range(options["at_once"])]
    threads = [Thread(target=client.keep_asking) for client in clients]
    for thread in threads:
        thread.start()
    while not ended.is_set():
        ended.wait(1)
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
