"""The keys of the prediction service: a file of their hashes, which people and the platform's starts add to.

Standard library alone, under any Python 3: what runs in Docker before any of the platform's images uses it too.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

# Each role may do what those before it may.
ROLES = ("predict", "read", "admin")
# The form's own key, which every start puts into the file.
FORM = "form"
FILE_NAME = "keys.json"
_BITS = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class KeysError(Exception):
    """The file of keys cannot be read, or what was asked of it cannot be; the message is one sentence."""


class Key(NamedTuple):
    """A key as it is kept: `sha256` of the key in hexadecimal, `created` in UTC."""

    name: str
    role: str
    sha256: str
    created: str


def new_key() -> str:
    """A key of 256 random bits, which is shown once and kept nowhere."""
    return secrets.token_urlsafe(_BITS // 8)


def hashed(key: str) -> str:
    """What is kept of a key. It needs no salt and no slow hash: nobody guesses 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


def made(name: str, role: str, key: str) -> Key:
    """The entry of a key.

    Raises:
        KeysError: the name or the role is not allowed.
    """
    entry = Key(name, role, hashed(key), datetime.now(timezone.utc).isoformat(timespec="seconds"))  # noqa: TID251,UP017
    if wrong := _wrong(entry):
        raise KeysError(wrong)
    return entry


def read(path: Path) -> tuple[Key, ...]:
    """The keys of a file.

    Raises:
        KeysError: there is none, or it does not hold what it should.
    """
    try:
        return parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeysError(f"{path.name} is not there") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise KeysError(f"{path.name} cannot be read ({reason})") from None


def parsed(text: str) -> tuple[Key, ...]:
    """The keys that a text in the format of the file holds.

    Raises:
        KeysError: it is none, or names a key twice.
    """
    try:
        found = json.loads(text)
    except ValueError:
        raise KeysError(f"{FILE_NAME} is no JSON") from None
    if not isinstance(found, list):
        raise KeysError(f"{FILE_NAME} holds no list of keys")
    keys = tuple(_parsed_one(number, one) for number, one in enumerate(found, 1))
    if len({key.name for key in keys}) < len(keys):
        raise KeysError(f"{FILE_NAME} names a key twice")
    return keys


def _parsed_one(number: int, one: Any) -> Key:
    try:
        key = Key(**{field: str(one[field]) for field in Key._fields})
    except (TypeError, KeyError, IndexError):
        raise KeysError(f"{FILE_NAME}: entry {number} is not {{{', '.join(Key._fields)}}}") from None
    if wrong := _wrong(key):
        raise KeysError(f"{FILE_NAME}: entry {number}: {wrong}")
    return key


def _wrong(key: Key) -> str | None:
    if not _NAME.fullmatch(key.name):
        return "a name has 1 to 64 letters, digits and . _ -, the first a letter or digit"
    if key.role not in ROLES:
        return f"the role is one of {', '.join(ROLES)}"
    return None if _SHA256.fullmatch(key.sha256) else "sha256 is not the 64 hexadecimal digits of a hash"


def as_text(keys: Sequence[Key]) -> str:
    """The content of the file."""
    return json.dumps([key._asdict() for key in keys], indent=2) + "\n"


def with_added(keys: Sequence[Key], key: Key) -> tuple[Key, ...]:
    """The keys and one more.

    Raises:
        KeysError: its name is taken.
    """
    if any(other.name == key.name for other in keys):
        raise KeysError(f"there is a key {key.name} already; revoke it first, or take another name")
    return (*keys, key)


def without(keys: Sequence[Key], name: str) -> tuple[Key, ...]:
    """The keys but for one.

    Raises:
        KeysError: there is none of that name.
    """
    kept = tuple(key for key in keys if key.name != name)
    if len(kept) == len(keys):
        raise KeysError(f"there is no key {name}; `readmission keys list` names them")
    return kept


def with_forms(keys: Sequence[Key], key: str) -> tuple[Key, ...]:
    """The keys, among them the form's as FORM_API_KEY has it now; one that is there already stays as it is."""
    if any((other.name, other.sha256) == (FORM, hashed(key)) for other in keys):
        return tuple(keys)
    return (*(other for other in keys if other.name != FORM), made(FORM, "predict", key))


def put_forms(path: Path, key: str) -> None:
    """Sees to it that the file holds the form's key.

    Raises:
        KeysError: the file is damaged, and left alone.
        OSError: it cannot be written.
    """
    with changing(path) as keys:
        keys[:] = with_forms(keys, key)


@contextmanager
def changing(path: Path) -> Iterator[list[Key]]:
    """The file's keys, to be changed in the block by one process at a time; afterwards the file is replaced as a whole.

    Raises:
        KeysError: the file is damaged, and left alone.
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        before = read(path) if path.exists() else ()
        keys = list(before)
        yield keys
        if tuple(keys) != before:
            _replace(path, as_text(keys))
            os.fsync(folder)
    finally:
        os.close(folder)


def _replace(path: Path, text: str) -> None:
    """The file is its folder's owner's alone, also where another, who may, writes it."""
    draft, owner = path.with_name(f".{path.name}.new"), path.parent.stat().st_uid
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        if owner != os.geteuid():
            os.fchown(file.fileno(), owner, -1)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
