"""Loads a file or prepares a set, and is killed as the first statement that starts as said has been executed.

A program of its own, since nothing may clean up after it. Arguments: the statement's start, then `load` and a file,
or `prepare` and a target.
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
    if sys.argv[2] == "load":
        ingest.load(Settings(), Path(sys.argv[3]))
    else:
        prepare.prepare(Settings(), PrepareParams.model_validate({**PARAMS.model_dump(), "target": sys.argv[3]}))
