"""Loads a file, undoes a load or prepares a set, and is killed at the first statement that starts as said.

A program of its own, since nothing may clean up after it. Arguments: `before` or `after`, the statement's start, then
`load` and a file, `undo`, or `prepare` and a target.
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


def end_at(when: str, start: str) -> None:
    """Ends this process just before or after the database executes a statement that starts so."""

    def end(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.strip().startswith(start):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, f"{when}_cursor_execute", end)


if __name__ == "__main__":
    end_at(*sys.argv[1:3])
    if sys.argv[3] == "load":
        ingest.load(Settings(), Path(sys.argv[4]))
    elif sys.argv[3] == "undo":
        ingest.undo(Settings())
    else:
        prepare.prepare(Settings(), PrepareParams.model_validate({**PARAMS.model_dump(), "target": sys.argv[4]}))
