"""Backs up what the stack in Docker holds into one file, and brings such a file back.

`save FOLDER` needs the stack up. `restore FILE [--force] [--record FILE]` wants an empty one, and leaves it ready for
`make up`. Runs with the standard library alone, under any Python 3, in the folder of the compose file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import gmtime, strftime

MANIFEST = "manifest.json"
_DATABASES = "RAW_DATA CLEAN_DATA mlflow"
_AS_ROOT = 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec'
# How each part is written, and how it is read. Artifacts come last, so that all that a database names is among them.
SAVE: dict[str, tuple[str, ...]] = {
    "mysql.sql": (
        *("exec", "-T", "mysql", "sh", "-c"),
        f"{_AS_ROOT} mysqldump --user=root --single-transaction --source-data=2 --set-gtid-purged=OFF "
        f"--no-tablespaces --skip-masking-policies --databases {_DATABASES}",
    ),
    "airflow.dump": ("exec", "-T", "postgres", "pg_dump", "--username=airflow", "--format=custom", "airflow"),
    "bucket.tar": ("run", "--rm", "--no-deps", "-T", "bucket", "python", "copy_bucket.py", "save"),
}
LOAD: dict[str, tuple[str, ...]] = {
    "mysql.sql": ("exec", "-T", "mysql", "sh", "-c", f"{_AS_ROOT} mysql --user=root"),
    "airflow.dump": (
        *("exec", "-T", "postgres", "pg_restore", "--username=airflow", "--dbname=airflow"),
        *("--clean", "--if-exists", "--no-owner", "--exit-on-error"),
    ),
    "bucket.tar": ("run", "--rm", "--no-deps", "-T", "bucket", "python", "copy_bucket.py", "load"),
}
_CLI = "python -m readmission.cli forget"
_RECORD = ("run", "--rm", "--no-deps", "-T", "keeper", "bash", "-c")
_SAVE_RECORD = f"{_CLI} --save /tmp/forgotten.json >&2 && cat /tmp/forgotten.json"
_REPLAY = f"cat > /tmp/forgotten.json && {_CLI} --replay /tmp/forgotten.json"
_WHOLE = b"-- Dump completed"
_POSITION = re.compile(rb"SOURCE_LOG_FILE='([^']+)', SOURCE_LOG_POS=(\d+)")


class BackupError(Exception):
    """What stands in the way, in a sentence that says what to do."""


def save(folder: Path) -> Path:
    """Writes a backup into a folder; the file takes its name only when it is whole.

    Raises:
        BackupError: a part could not be had.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"readmission-{strftime('%Y%m%dT%H%M%SZ', gmtime())}.tar"
    with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as scratch:
        parts = [Path(scratch) / part for part in SAVE]
        for part in parts:
            with part.open("wb") as out:
                _compose(*SAVE[part.name], stdout=out)
        manifest = Path(scratch) / MANIFEST
        manifest.write_text(json.dumps({"binary_log": _position(parts[0]), "parts": _sums(parts)}, indent=1))
        whole = Path(scratch) / name
        with tarfile.open(whole, "w") as tar:
            for file in (manifest, *parts):
                tar.add(file, file.name)
        return whole.replace(folder / name)


def restore(file: Path, force: bool, record: Path | None) -> None:
    """Brings a backup back, and deletes once more what was forgotten since; nothing but the stores runs meanwhile.

    Raises:
        BackupError: the file is not whole, or the stack is not empty and `force` is not given; nothing has changed.
    """
    with tempfile.TemporaryDirectory(prefix="readmission-restore-") as scratch:
        parts = _unpacked(file, Path(scratch))
        here = _forgotten_here(force)
        forgotten = record.read_bytes() if record else here
        _compose("down")
        _compose("up", "--detach", "--wait", "mysql", "postgres", "minio")
        drop = "".join(f"DROP DATABASE IF EXISTS {name};" for name in _DATABASES.split())
        _compose(*LOAD["mysql.sql"], given=drop.encode())
        for part in parts:
            with part.open("rb") as opened:
                _compose(*LOAD[part.name], stdin=opened)
        _compose("run", "--rm", "-T", "migrate")
        if forgotten is not None:
            _compose(*_RECORD, _REPLAY, given=forgotten)
        _compose("down")


def _forgotten_here(force: bool) -> bytes | None:
    """The record of the stack that is to be replaced; None where there is none."""
    project = json.loads(_said("config", "--format", "json"))["name"]
    chosen = (f"label=com.docker.compose.project={project}", "label=com.docker.compose.volume=mysql-data")
    filters = [word for one in chosen for word in ("--filter", one)]
    done = subprocess.run(("docker", "volume", "ls", "--quiet", *filters), capture_output=True, text=True, check=True)
    if not done.stdout.strip():
        return None
    if not force:
        raise BackupError(f"the project {project} has data: FORCE=1 replaces all of it by what the backup holds")
    _compose("up", "--detach", "--wait", "mysql")
    _compose("run", "--rm", "-T", "migrate")
    return _said(*_RECORD, _SAVE_RECORD).encode()


def _unpacked(file: Path, folder: Path) -> list[Path]:
    try:
        with tarfile.open(file) as tar:
            for name in (MANIFEST, *SAVE):
                with (folder / name).open("wb") as out:
                    packed = tar.extractfile(name)
                    while packed and (block := packed.read(1 << 20)):
                        out.write(block)
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        parts = [folder / name for name in SAVE]
        if manifest["parts"] != _sums(parts):
            raise BackupError(f"{file} is damaged: what it holds is not what was saved; nothing was changed")
    except (OSError, EOFError, tarfile.TarError, KeyError, ValueError) as error:
        raise BackupError(f"{file} is no whole backup ({error}); nothing was changed") from error
    return parts


def _position(dump: Path) -> dict[str, object]:
    """From where in the binary log a restored server can be rolled forward."""
    with dump.open("rb") as file:
        found = _POSITION.search(file.read(1 << 16))
        file.seek(-min(dump.stat().st_size, 200), os.SEEK_END)
        if found is None or _WHOLE not in file.read():
            raise BackupError("MySQL's dump is not whole: nothing was saved")
    return {"file": found[1].decode(), "position": int(found[2])}


def _sums(parts: Sequence[Path]) -> dict[str, str]:
    sums = {}
    for part in parts:
        with part.open("rb") as file:
            digest = hashlib.sha256()
            while block := file.read(1 << 20):
                digest.update(block)
        sums[part.name] = digest.hexdigest()
    return sums


def _compose(*arguments: str, given: bytes | None = None, **streams: object) -> None:
    done = subprocess.run(("docker", "compose", "--profile", "*", *arguments), input=given, **streams)  # type: ignore[call-overload]
    if done.returncode:
        raise BackupError(f"docker compose {arguments[0]} {arguments[-1] if arguments[0] == 'up' else ''} failed")


def _said(*arguments: str) -> str:
    done = subprocess.run(("docker", "compose", *arguments), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise BackupError(f"docker compose {arguments[0]} failed")
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """Does what is asked, and returns 1 with a line where it cannot."""
    os.umask(0o077)
    words = [word for word in arguments if word != "--force"]
    try:
        if words[:1] == ["save"] and len(words) == 2:
            sys.stdout.write(f"{save(Path(words[1]))}\n")
        elif words[:1] == ["restore"] and len(words) in (2, 4):
            restore(Path(words[1]), "--force" in arguments, Path(words[3]) if len(words) == 4 else None)
            sys.stdout.write(f"{words[1]} is back. Next: make up\n")
        else:
            raise BackupError("backup.py save FOLDER | restore FILE [--force] [--record FILE]")
    except BackupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
