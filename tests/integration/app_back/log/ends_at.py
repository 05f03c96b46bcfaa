"""Writes rows while the database takes none, or drains them, and is killed at a given call to the system.

A program of its own, since nothing may clean up after it. Arguments: the call, when in it (`before`, `after` or
`within`), at which turn, how many groups to write, and of how many rows: their ids are printed when they are durable.
"""

import os
import signal
import sys
from threading import Event
from typing import Any

from app_back.log.prediction_log import PredictionLog
from connections.settings import Settings
from tests.integration.app_back.log.rows import rows


def end_at(call: str, when: str, turn: int) -> None:
    """Ends this process at the given turn of a call of the module `os`."""
    real = getattr(os, call)
    turns = 0

    def ending(*arguments: Any) -> Any:
        nonlocal turns
        turns += 1
        if turns < turn:
            return real(*arguments)
        if when == "within":  # a write of which half arrives
            descriptor, data, place = arguments
            real(descriptor, data[: len(data) // 2], place)
        elif when == "after":
            real(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(os, call, ending)


if __name__ == "__main__":
    call, when, turn, count, size = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    end_at(call, when, turn)
    log = PredictionLog(Settings())
    log.start()
    writer = log.writer()
    for group in (rows(size) for _ in range(count)):
        for row in group:
            sys.stdout.write(f"begun {row.prediction_id}\n")
        sys.stdout.flush()
        writer.write(group)
        for row in group:
            sys.stdout.write(f"answered {row.prediction_id}\n")
        sys.stdout.flush()
    Event().wait(60)
