"""Writes `.env` from `.env.example`, with a random secret for each placeholder. `make env` runs it.

Runs with the standard library alone, under any Python 3, since it comes before the environment is made.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import string
import sys
from pathlib import Path

PLACEHOLDER = "changethis"
_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$")
_LETTERS = string.ascii_letters + string.digits


def secret_for(name: str) -> str:
    """A new secret of the form that its use demands; letters and digits unless the use says otherwise."""
    if name.endswith("FERNET_KEY"):
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    length = 86 if name.endswith("JWT_SECRET") else 20 if name.endswith("ACCESS_KEY_ID") else 40
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def filled(example: str) -> str:
    """The example with a secret in the place of each placeholder; comments stay as they are."""
    return "".join(_filled_line(line) for line in example.splitlines(keepends=True))


def _filled_line(line: str) -> str:
    assignment = _ASSIGNMENT.match(line.strip())
    if assignment is None or PLACEHOLDER not in assignment.group(2):
        return line
    return line.replace(PLACEHOLDER, secret_for(assignment.group(1)))


def assigned(text: str) -> dict[str, str]:
    """The keys that a file of settings sets, with their lines."""
    found = (_ASSIGNMENT.match(line.strip()) for line in text.splitlines())
    return {match.group(1): match.group(0) for match in found if match}


def write(example: Path, target: Path) -> str:
    """Creates `target`, readable by its owner only, or gives it the keys it lacks; says what it did."""
    wanted = filled(example.read_text(encoding="utf-8"))
    if not target.exists():
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(wanted)
        return f"{target}: written, with new random secrets"
    present = target.read_text(encoding="utf-8")
    known = assigned(present)
    missing = {key: line for key, line in assigned(wanted).items() if key not in known}
    if missing:
        ending = "" if present.endswith("\n") or not present else "\n"
        with target.open("a", encoding="utf-8") as file:
            file.write(ending + "\n".join(missing.values()) + "\n")
        return f"{target}: added {', '.join(missing)}"
    placeholders = [key for key, line in known.items() if PLACEHOLDER in line]
    if placeholders:
        return f"{target}: kept; still to be replaced by a secret of yours: {', '.join(placeholders)}"
    return f"{target}: kept as it is"


if __name__ == "__main__":
    sys.stdout.write(write(Path(".env.example"), Path(".env")) + "\n")
