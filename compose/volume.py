"""Copies a volume's files out as a tar on standard output, or such a tar's files into it, inside a container.

`save FOLDER`, `load FOLDER` (in the place of what is there), `add FOLDER` (beside it). The text of this file is given
to the Python of whichever image uses the volume, as the user whose files they are. A SQLite database is copied as it is
at one moment, while others write to it.
"""

import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from pathlib import Path

_OF_SQLITE = ("-wal", "-shm", "-journal")


def files(folder: Path) -> list[Path]:
    """The files that count: SQLite's own beside a database do not, and what is being written has no name yet."""
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(path for path in found if not path.name.endswith((*_OF_SQLITE, ".part", ".new")))


def save(folder: Path) -> None:
    """Writes the tar."""
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar, tempfile.TemporaryDirectory() as scratch:
        for path in files(folder):
            still = Path(scratch) / "still"
            if path.suffix == ".db":
                snapshot(path, still)
            else:
                try:
                    shutil.copyfile(path, still)
                except FileNotFoundError:  # it was done with meanwhile
                    continue
            tar.add(still, str(path.relative_to(folder)))
            still.unlink()


def snapshot(database: Path, into: Path) -> None:
    """A copy of a SQLite database, as it is at one moment."""
    source, copy = sqlite3.connect(database), sqlite3.connect(into)
    try:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        source.close()
        copy.close()


def load(folder: Path, beside: bool) -> None:
    """Puts the tar's files where they were, each as a whole."""
    if not beside:
        for path in folder.rglob("*"):
            if not path.is_dir():
                path.unlink()
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as tar:
        for entry in tar:
            path = folder / entry.name
            packed = tar.extractfile(entry) if entry.isfile() else None
            if packed is None or ".." in path.parts or not path.is_relative_to(folder) or path.exists():
                continue
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.part")
            with draft.open("wb") as file:
                shutil.copyfileobj(packed, file)
            draft.chmod(entry.mode & 0o777)
            draft.replace(path)


if __name__ == "__main__":
    os.umask(0o077)
    what, where = sys.argv[1], Path(sys.argv[2])
    if what == "save":
        save(where)
    else:
        load(where, beside=what == "add")
