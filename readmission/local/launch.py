"""Becomes a service's program, once nothing is left of the process before: the supervisor runs this at each start.

The description is a file only its owner may read; the supervisor's own configuration thus holds no secrets and
nothing that would have to be quoted.
"""

import json
import os
import sys
from pathlib import Path

from readmission.local import processes

_PATIENCE_SECONDS = 5


def launch(description: Path) -> None:
    """Replaces this process by the program that a JSON file describes (command, environment, folder).

    A program that was killed may leave children, which hold its port or go on with its tasks: they are ended first.
    """
    session = json.loads(description.with_name("supervisord.json").read_text(encoding="utf-8"))["pid"]
    if session == os.getsid(0):
        processes.end(processes.orphans(session), _PATIENCE_SECONDS)
    wanted = json.loads(description.read_text(encoding="utf-8"))
    os.umask(0o077)  # the supervisor sets one of its own
    os.chdir(wanted["folder"])
    os.execve(wanted["command"][0], wanted["command"], wanted["environment"])


if __name__ == "__main__":
    launch(Path(sys.argv[1]))
