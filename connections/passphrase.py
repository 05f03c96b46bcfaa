"""The passphrase of a backup: a file's first line, or what a person types. Standard library alone."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from connections.backup_file import BackupError

LEAST = 12


def passphrase_of(file: Path | None, ask: bool, twice: bool = False) -> str | None:
    """The passphrase that a backup is sealed or opened with; None where neither a file is named nor asking is wished.

    Raises:
        BackupError: there is none, it is too short, or nobody can be asked.
    """
    if file is None and not ask:
        return None
    found = _first_line(file) if file else _typed(twice)
    if twice and len(found) < LEAST:
        raise BackupError(f"the passphrase has {len(found)} characters: {LEAST} at least; nothing was saved")
    return found


def _first_line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, ValueError) as error:
        raise BackupError(f"PASSPHRASE_FILE: {file} cannot be read ({error})") from error


def _typed(twice: bool) -> str:
    if not sys.stdin.isatty():
        raise BackupError("nobody is there to type the passphrase: name a file with it (PASSPHRASE_FILE=…)")
    found = getpass.getpass("Passphrase of the backup: ")
    if twice and getpass.getpass("Once more: ") != found:
        raise BackupError("the two passphrases are not the same; nothing was saved")
    return found
