"""Requests from wrk: so many clients, each with one connection and one request under way."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_SCRIPT = Path(__file__).with_name("requests.lua")
# After the last request is sent: as long as an answer may take before wrk counts it as broken.
_QUIET_SECONDS = 3


@dataclass(frozen=True)
class Measured:
    """What came of one load; times in milliseconds. `broken` are requests without an answer."""

    answers: int
    refused: int
    broken: int
    p50: float
    p99: float
    seconds: float

    @property
    def answered(self) -> int:
        """Answers below 400: with this load, 200s."""
        return self.answers - self.refused

    @property
    def rate(self) -> float:
        """Those a second."""
        return self.answered / self.seconds


def ask(url: str, key: str, body: Any, clients: int, seconds: float, pause: float = 0.0) -> Measured:
    """Posts a body to an address, with an API key, from so many clients for so many seconds.

    Each pauses for so many seconds before a request.

    Raises:
        CalledProcessError: wrk could not.
    """
    parts = urlsplit(url)
    server = f"{parts.scheme}://{parts.netloc}"
    given = {"LOAD_PATH": parts.path, "LOAD_BODY": json.dumps(body), "LOAD_KEY": key, "LOAD_SECONDS": str(seconds)}
    given |= {"LOAD_PAUSE": str(pause)}
    lasts = f"--duration={round(seconds + _QUIET_SECONDS)}s"
    command = ("wrk", "--threads=1", f"--connections={clients}", lasts, "--timeout=10s", f"--script={_SCRIPT}", server)
    done = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]), seconds=seconds)
