"""Where the programs of this environment are."""

import sys
from pathlib import Path


def program(name: str) -> str:
    """The path of a program that was installed from the lock, beside this Python."""
    return str(Path(sys.executable).parent / name)
