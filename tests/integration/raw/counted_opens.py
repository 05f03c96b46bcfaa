"""Obtains and loads a file while it counts who opens it to read; prints a JSON object of counts for each step.

A program of its own, since Python's audit hooks cannot be taken away. Arguments: `obtain` (from DATASET_SOURCE),
`load`, or `keep` (the end of obtaining), in order.
"""

import json
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from connections.settings import Settings
from readmission.dataset.obtain import SYNTHETIC_FILE, obtain
from readmission.dataset.obtained import Obtained
from readmission.raw import ingest

opened: Counter[str] = Counter()


def note(event: str, arguments: tuple[object, ...]) -> None:
    """Counts a CSV that is opened to read, under our module that asked for it."""
    if event == "open" and "w" not in str(arguments[1]) and _is_csv(str(arguments[0])):
        frame = sys._getframe(1)
        while not frame.f_globals["__name__"].startswith("readmission.") and frame.f_back is not None:
            frame = frame.f_back
        opened[frame.f_globals["__name__"]] += 1


def _is_csv(path: str) -> bool:
    """Whether it is the data set's file, also while it has its temporary name; its record of origin is not."""
    name = Path(path).name
    return any(csv in name for csv in ("Diabetes.csv", SYNTHETIC_FILE, "elsewhere.csv")) and ".source.json" not in name


if __name__ == "__main__":
    settings = Settings()
    file: Obtained | None = None
    sys.addaudithook(note)
    counts = []
    with ExitStack() as obtaining:
        for step in sys.argv[1:]:
            opened.clear()
            if step == "obtain":
                file = obtaining.enter_context(obtain(settings))
            elif step == "keep":
                obtaining.close()
            else:
                ingest.load(settings, file)
            counts.append(dict(opened))
    sys.stdout.write(json.dumps(counts))
