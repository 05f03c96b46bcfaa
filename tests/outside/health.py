"""What a service says of its own health while something happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic
from typing import Any

import httpx

from tests.outside.platform import Outside

_EVERY_SECONDS = 0.3
_TIMEOUT = 10


@dataclass
class Watched:
    """Each answer of `/health/ready`, as status and JSON, and how long `/health/live` took, in seconds."""

    ready: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    live: list[float] = field(default_factory=list)

    @property
    def places(self) -> set[str]:
        """Where a prediction would be logged, as far as readiness was 200."""
        return {str(said.get("log")) for status, said in self.ready if status == httpx.codes.OK}

    @property
    def statuses(self) -> set[int]:
        """What readiness was answered with."""
        return {status for status, _ in self.ready}


@contextmanager
def watched(url: str) -> Iterator[Watched]:
    """Asks for a service's health again and again for the block; what refuses connections says nothing."""
    found, ended = Watched(), Event()
    threads = [Thread(target=_watch, args=(ask, url, found, ended)) for ask in (_live, _ready)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _watch(ask: Any, url: str, found: Watched, ended: Event) -> None:
    with httpx.Client(base_url=url, timeout=_TIMEOUT, trust_env=False) as http:
        while not ended.is_set():
            try:
                ask(http, found)
            except httpx.TimeoutException:
                found.live.append(_TIMEOUT)
            except httpx.HTTPError:
                pass
            ended.wait(_EVERY_SECONDS)


def _live(http: httpx.Client, found: Watched) -> None:
    begun = monotonic()
    http.get("/health/live")
    found.live.append(monotonic() - begun)


def _ready(http: httpx.Client, found: Watched) -> None:
    answer = http.get("/health/ready")
    found.ready.append((answer.status_code, answer.json()))


def is_drained(outside: Outside) -> bool:
    """Whether predictions go to the database, and none waits in the journal."""
    try:
        said = outside.ask("/health/ready")
    except httpx.HTTPError:
        return False
    found = said.json()
    return said.is_success and found["log"] == "database" and found["waiting"] == 0
