"""Runs in a pod of the cluster: asks for predictions until TERM, then prints what became of each, as one line of JSON.

Each request has a connection of its own, so that the cluster's Service picks a pod for each. A connection that is
refused has carried nothing and is tried again; it is told apart from a request that broke after it was sent.
"""

import http.client
import json
import signal
import sys
from pathlib import Path
from threading import Event, Thread
from time import monotonic

TRIES = 60
FLOWS = Path("/tmp/flows")
ended, begun = Event(), monotonic()
answered: list[str] = []
refused: list[str] = []
broken: list[str] = []


def connected() -> http.client.HTTPConnection:
    """A connection to a pod that takes one."""
    for _ in range(TRIES):
        connection = http.client.HTTPConnection("api", 8000, timeout=30)
        try:
            connection.connect()
            return connection
        except OSError as error:
            refused.append(f"{monotonic() - begun:.1f} s: {error!r}")
            ended.wait(0.2)
    raise ConnectionError(f"no pod has taken a connection in {TRIES} tries")


def ask(body: str) -> None:
    """Asks once and writes down what came of it."""
    try:
        connection = connected()
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status == http.client.OK:
            answered.append(json.loads(text)["prediction_id"])
        else:
            broken.append(f"{monotonic() - begun:.1f} s: {answer.status} {text[:200]}")
    except (OSError, http.client.HTTPException) as error:
        broken.append(f"{monotonic() - begun:.1f} s: {error!r}")


def keep_asking(body: str, pause: float) -> None:
    """Asks again and again, with a pause between."""
    while not ended.is_set():
        ask(body)
        if len(answered) >= TRIES:
            FLOWS.touch()
        ended.wait(pause)


def main(at_once: int, pause: float, body: str) -> None:
    """Asks from several threads until TERM comes."""
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    connected().close()  # a cluster lets a new pod into its networks a moment after its start
    refused.clear()
    threads = [Thread(target=keep_asking, args=(body, pause)) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    while not ended.is_set():
        ended.wait(1)
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps({"answered": answered, "refused": refused, "broken": broken}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
