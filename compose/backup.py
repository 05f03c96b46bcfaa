"""Backs up what the stack in Docker holds into one file, and brings such a file back.

`save FOLDER` needs the stack up. `restore FILE` wants an empty one, and leaves it ready for `make up`. Runs with the
standard library and `connections.backup_file` alone, under any Python 3, in the folder of the compose file.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import gmtime, strftime

from compose.forward import Forward, moment
from compose.parts import DATABASES, PARTS, load, load_all, save_all
from compose.stack import compose, is_fresh, project, said, sealed_with, settings, tell
from connections import kept_backups
from connections.backup_file import BackupError, prune, reading, require_fit, writing
from connections.passphrase import passphrase_of

KIND = "docker"
_CLI = "python -m readmission.cli forget"
_RECORD = ("run", "--rm", "--no-deps", "-T", "keeper", "bash", "-c")
_SAVE_RECORD = f"{_CLI} --save /tmp/forgotten.json >&2 && cat /tmp/forgotten.json"
_REPLAY = f"cat > /tmp/forgotten.json && {_CLI} --replay /tmp/forgotten.json"


def save(folder: Path, passphrase: str | None = None, keep: int | None = None) -> Path:
    """Writes a backup into a folder; the file takes its name only when it is whole, and the oldest go only then.

    Raises:
        BackupError: a part could not be had, or not be written.
    """
    seal, _ = sealed_with(passphrase)
    with writing(folder, KIND, settings(), seal) as (backup, path):
        backup.about |= {"binary_log": save_all(backup)}
    if keep is not None:
        prune(folder, keep)
    return path


def restore(file: Path, options: argparse.Namespace, passphrase: str | None = None) -> None:
    """Brings a backup back, and deletes once more what was forgotten since; nothing but the stores runs meanwhile.

    Raises:
        BackupError: the file is not whole or its secrets are others, or the stack is not empty and `force` is not
            given; nothing has changed.
    """
    _, unseal = sealed_with(passphrase)
    with reading(file, KIND, unseal) as backup:
        require_fit(backup, settings(), options.secrets, Path(os.environ.get("COMPOSE_ENV_FILES", ".env")))
        here = _forgotten_here(options.force)
        forgotten = options.record.read_bytes() if options.record else here or b"[]"
        compose("down")
        began, since = strftime("%Y-%m-%dT%H:%M:%S", gmtime()), backup.manifest["binary_log"]
        forward = Forward(options.forward, since, options.until) if options.forward else None
        compose("up", "--detach", "--wait", "mysql", "postgres", "minio")
        load("mysql.sql", "".join(f"DROP DATABASE IF EXISTS {name};" for name in DATABASES).encode())
        for name in PARTS:
            with backup.part(name) as source:
                load(name, source)
        if forward:
            _roll(forward, began)
        compose("run", "--rm", "-T", "migrate")
        compose(*_RECORD, _REPLAY, given=forgotten)
        compose("down")


def _roll(forward: Forward, began: str) -> None:
    try:
        load_all("mysql.sql", forward.statements())
    except BackupError as error:
        raise BackupError(
            f"MySQL is as it was saved, and rolled forward in part ({error}); the log has this attempt too: "
            f"to do it again name a moment before it, UNTIL={began} or earlier"
        ) from error
    tell(f"rolled forward to what was done at {strftime('%Y-%m-%d %H:%M:%S', gmtime(forward.last))} UTC")


def _forgotten_here(force: bool) -> bytes | None:
    """The record of the stack that is to be replaced; None where there is none."""
    if is_fresh():
        return None
    if not force:
        raise BackupError(f"the project {project()} has data: FORCE=1 replaces all of it by what the backup holds")
    compose("up", "--detach", "--wait", "mysql")
    compose("run", "--rm", "-T", "migrate")
    return said(*_RECORD, _SAVE_RECORD).encode()


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="backup.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    saving, restoring = commands.add_parser("save"), commands.add_parser("restore")
    saving.add_argument("folder", type=Path)
    saving.add_argument("--due", type=int, help="only where the newest is older than so many hours; never with 0")
    saving.add_argument("--keep", type=int, help="how many backups stay in the folder")
    restoring.add_argument("file", type=Path)
    restoring.add_argument("--force", action="store_true", help="replace what is there")
    restoring.add_argument("--record", type=Path, help="what `readmission forget --save` wrote")
    restoring.add_argument("--forward", help="where the binary logs are: here, a volume, or a folder with a / in it")
    restoring.add_argument("--until", type=moment, help="the last moment that is rolled forward to, of UTC")
    restoring.add_argument("--secrets", choices=("backup", "here"), default="", help="whose count where they differ")
    for each in (saving, restoring):
        each.add_argument("--ask", action="store_true", help="type the passphrase")
        each.add_argument("--passphrase-file", type=Path)
    return parser.parse_args(arguments)


def _is_due(asked: argparse.Namespace) -> bool:
    if asked.due is None:
        return True
    return bool(asked.due) and kept_backups.is_due(asked.folder, KIND, asked.due)


def main(arguments: Sequence[str]) -> int:
    """Does what is asked, and returns 1 with a line where it cannot."""
    os.umask(0o077)
    asked = _asked(arguments)
    try:
        if asked.command == "save" and not _is_due(asked):
            return 0
        passphrase = passphrase_of(asked.passphrase_file, asked.ask, twice=asked.command == "save")
        if asked.command == "save":
            sys.stdout.write(f"{save(asked.folder, passphrase, asked.keep)}\n")
            kept_backups.record(asked.folder, KIND)
        else:
            restore(asked.file, asked, passphrase)
            sys.stdout.write(f"{asked.file} is back. Next: make up\n")
    except (BackupError, OSError) as error:
        tell(f"{strftime('%Y-%m-%d %H:%M:%S', gmtime())} UTC: {error}" if asked.command == "save" else str(error))
        if asked.command == "save":
            kept_backups.record(asked.folder, KIND, str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
