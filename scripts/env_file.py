"""Writes `.env` from `.env.example`, with a random secret for each placeholder. `make env` runs it.

Runs with the standard library alone, under any Python 3, since it comes before the environment is made.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import secrets
import string
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from scripts.ed25519 import public_key

PLACEHOLDER = "changethis"
PROJECT = "COMPOSE_PROJECT_NAME"
SIGNING_KEY, PUBLIC_KEYS = "MODEL_SIGNING_KEY", "MODEL_PUBLIC_KEYS"
_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$")
_LETTERS = string.ascii_letters + string.digits


def secret_for(name: str) -> str:
    """A new secret of the form that its use demands; letters and digits unless the use says otherwise."""
    if name.endswith(("FERNET_KEY", SIGNING_KEY)):
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    length = 86 if name.endswith("JWT_SECRET") else 20 if name.endswith("ACCESS_KEY_ID") else 40
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def filled(example: str) -> str:
    """The example with a secret in the place of each placeholder, and what follows from them; comments stay."""
    return with_public_key("".join(_filled_line(line) for line in example.splitlines(keepends=True)))


def with_own_project(text: str) -> str:
    """The settings with a Docker Compose project of their own.

    At random: neither a clone in the place of one that moved, nor a new .env with new passwords, meets old volumes.
    """
    return re.sub(rf"^#?{PROJECT}=.*$", f"{PROJECT}=readmission-{secrets.token_hex(3)}", text, flags=re.MULTILINE)


def with_public_key(text: str) -> str:
    """The settings with the public key that belongs to the signing key, before those that are there already."""
    values = {key: line.partition("=")[2].strip() for key, line in assigned(text).items()}
    try:
        public = _public(values[SIGNING_KEY])
    except (KeyError, ValueError):  # it is none: the settings' rules will say so
        return text
    there = [one for one in values.get(PUBLIC_KEYS, "").split(",") if one]
    if public in there:
        return text
    line = f"{PUBLIC_KEYS}={','.join([public, *there])}"
    changed, times = re.subn(rf"^{PUBLIC_KEYS}=.*$", line, text, flags=re.MULTILINE)
    return changed if times else f"{text.rstrip()}\n{line}\n"


@cache
def _public(signing_key: str) -> str:
    return base64.urlsafe_b64encode(public_key(base64.urlsafe_b64decode(signing_key))).decode()


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
    """Creates `target`, or gives it the secrets that it lacks: missing, empty or a placeholder. Says what it did.

    Values that are there stay, and so do comments. What is written is readable by its owner only. A new file has a
    Docker Compose project of its own; one that is there keeps the containers and volumes that it has.
    """
    with _alone(example):
        said = _write(example, target)
        if target.stat().st_mode & 0o077:
            target.chmod(0o600)
            said += "; other users of this machine could read it, and cannot any more"
        return said


def _write(example: Path, target: Path) -> str:
    template = example.read_text(encoding="utf-8")
    if not target.exists():
        replace(target, with_own_project(filled(template)))
        return f"{target}: written, with new random secrets"
    wanted = assigned(filled(template))
    wanted.pop(PUBLIC_KEYS, None)  # it follows from another
    secret_keys = {key for key, line in assigned(template).items() if PLACEHOLDER in line}
    before = target.read_text(encoding="utf-8")
    lines = before.splitlines()
    present = assigned("\n".join(lines))
    lacking = [key for key in wanted if key not in present or (key in secret_keys and _is_blank(present[key]))]
    kept = [wanted[key] if (key := _key(line)) in lacking else line for line in lines]
    added = [wanted[key] for key in lacking if key not in present]
    filled_in = "\n".join([*kept, *added]) + "\n" if lacking else before
    text = with_public_key(filled_in)
    if text != before:
        replace(target, text)
        return f"{target}: added {', '.join([*lacking, *([PUBLIC_KEYS] if text != filled_in else [])])}"
    placeholders = [key for key, line in present.items() if PLACEHOLDER in line]
    if placeholders:
        return f"{target}: kept; still to be replaced by a secret of yours: {', '.join(placeholders)}"
    return f"{target}: kept as it is"


@contextmanager
def _alone(example: Path) -> Iterator[None]:
    """Two starts at the same moment write one file: the second finds the first one's secrets."""
    with example.open(encoding="utf-8") as held:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _key(line: str) -> str:
    return next(iter(assigned(line)), "")


def _is_blank(line: str) -> bool:
    value = line.partition("=")[2].strip()
    return not value or PLACEHOLDER in value


def replace(target: Path, text: str) -> None:
    """Writes a file of settings in one step: whoever stops this has either the old secrets or the new."""
    draft = target.with_name(f"{target.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(target)


if __name__ == "__main__":
    sys.stdout.write(write(Path(".env.example"), Path(".env")) + "\n")
