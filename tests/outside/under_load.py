"""Processes that ask for predictions while something happens, each of them with several clients."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connections.settings import machine_environment
from tests.outside.answers import Outcome

SCRIPT = Path(__file__).with_name("load.py")
# A request under way may take as long as the client waits for it.
_END_SECONDS = 60


@dataclass(frozen=True)
class Load:
    """How much is asked: so many processes, each with so many clients that pause so many seconds after a request."""

    processes: int = 2
    at_once: int = 4
    pause: float = 0.01


LIGHT = Load()


@contextmanager
def load(url: str, key: str, name: str, body: Mapping[str, Any], folder: Path, how: Load = LIGHT) -> Iterator[Outcome]:
    """Requests with an API key, that flow for the block on connections that are kept; after it, what came of them.

    The `encounter_ref` of each begins with `name`, which no other load may have had. What the clients write lies in
    the folder, which must exist.
    """
    outcome, parts = Outcome(name), urlsplit(url)
    options: dict[str, Any] = {"host": parts.hostname, "port": parts.port, "at_once": how.at_once, "pause": how.pause}
    options |= {"key": key, "keep": True, "flows": None, "body": dict(body)}
    files = [folder / f"{name}-{number}.jsonl" for number in range(how.processes)]
    processes = []
    try:
        for file in files:
            given = json.dumps(options | {"name": file.stem})
            with file.open("ab") as answers:
                processes.append(_started(given, answers))
        yield outcome
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=_END_SECONDS)
    for file in files:
        outcome.read(file.read_text(encoding="utf-8").splitlines(keepends=True))


def _started(given: str, answers: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen((sys.executable, str(SCRIPT), given), env=machine_environment(), stdout=answers)


def answers_so_far(folder: Path, name: str) -> int:
    """How many lines the clients of a load have written, of whatever kind."""
    return sum(file.read_bytes().count(b"\n") for file in folder.glob(f"{name}-*.jsonl"))
