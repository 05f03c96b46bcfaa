"""Becomes a service's program. Runs with the standard library alone, so that the supervisor starts it at once.

The description is a file only its owner may read; the supervisor's own configuration thus holds no secrets and
nothing that would have to be quoted.
"""

import json
import os
import sys
from pathlib import Path


def launch(description: Path) -> None:
    """Replaces this process by the program that a JSON file describes (command, environment, folder)."""
    wanted = json.loads(description.read_text(encoding="utf-8"))
    os.chdir(wanted["folder"])
    os.execve(wanted["command"][0], wanted["command"], wanted["environment"])


if __name__ == "__main__":
    launch(Path(sys.argv[1]))
