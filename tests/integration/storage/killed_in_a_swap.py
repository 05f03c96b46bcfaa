"""Loads a file or prepares a set, and is killed as the first statement that starts as said has been executed.

A program of its own, since nothing may clean up after it. Arguments: the statement's start, then the file to load, or
none to prepare.
"""

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from connections.settings import Settings
from readmission.clean import prepare
from readmission.params import PrepareParams
from readmission.raw import ingest

PARAMS = PrepareParams(batch_size=500)


def end_after(start: str) -> None:
    """Lets the database execute a statement that starts so, and nothing of this process after it."""

    def end(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(start):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", end)


if __name__ == "__main__":
    end_after(sys.argv[1])
    if len(sys.argv) > 2:
        ingest.load(Settings(), Path(sys.argv[2]))
    else:
        prepare.prepare(Settings(), PARAMS)
