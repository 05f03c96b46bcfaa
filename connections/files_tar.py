"""Folders and files as a tar, and such a tar's back in their places; SQLite databases as they are at one moment.

Embedded it is called; in Docker, `save FOLDER`, `load FOLDER` (in the place of what is there) and `add FOLDER` (beside
it) do it to a volume, between it and standard output or input: the text of this file is given to the Python of the
image that uses the volume, as the user whose files they are. Hence: only the standard library, and all in one file.
"""

import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO

# SQLite's own beside a database, which its copy does not need, and what has no name of its own yet.
_LEFT_OUT = ("-wal", "-shm", "-journal", ".part", ".new")


def save(places: Mapping[str, Path], out: IO[bytes]) -> None:
    """Writes what there is of files and folders, each under its name; what goes meanwhile is left out."""
    with tarfile.open(fileobj=out, mode="w|") as tar, tempfile.TemporaryDirectory() as scratch:
        still = Path(scratch) / "still"
        for name, path in _files(places):
            try:
                snapshot(path, still) if path.suffix == ".db" else shutil.copy(path, still)
            except FileNotFoundError:
                continue
            tar.add(str(still), name)
            still.unlink()


def _files(places: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for name, place in places.items():
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.endswith(_LEFT_OUT):
                yield str(PurePosixPath(name, path.relative_to(place).as_posix())), path


def snapshot(database: Path, into: Path) -> None:
    """Copies a SQLite database as it is at one moment, while others write to it."""
    with closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as source, closing(sqlite3.connect(into)) as to:
        source.backup(to)
        to.execute("PRAGMA journal_mode=DELETE")
    shutil.copymode(database, into)


def load(places: Mapping[str, Path], source: IO[bytes], beside: bool = False) -> None:
    """Puts a tar's files into their places, each as a whole; what is there goes, or stays with `beside`.

    Raises:
        ValueError: one belongs to none of the places.
    """
    for place in () if beside else places.values():
        remove(place)
    with tarfile.open(fileobj=source, mode="r|") as tar:
        for entry in tar:
            packed = tar.extractfile(entry) if entry.isfile() else None
            path = _place_of(entry.name, places)
            if packed is None or path.exists():
                continue
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.part")
            with draft.open("wb") as file:
                shutil.copyfileobj(packed, file)
            draft.chmod(entry.mode & 0o777)
            draft.replace(path)


def remove(place: Path) -> None:
    """Takes away a file with SQLite's own beside it, or all that is in a folder."""
    beside = [place.with_name(place.name + ending) for ending in ("", *_LEFT_OUT)]
    for path in [*beside, *place.rglob("*")]:
        if path.is_symlink() or path.is_file():
            path.unlink()


def _place_of(name: str, places: Mapping[str, Path]) -> Path:
    wanted = PurePosixPath(name)
    for prefix, place in places.items():
        parts = PurePosixPath(prefix).parts
        if wanted.parts[: len(parts)] == parts and not wanted.is_absolute() and ".." not in wanted.parts:
            return place.joinpath(*wanted.parts[len(parts) :])
    raise ValueError(f"{name} has no place here")


if __name__ == "__main__":
    os.umask(0o077)
    volume = {"": Path(sys.argv[2])}
    if sys.argv[1] == "save":
        save(volume, sys.stdout.buffer)
    else:
        load(volume, sys.stdin.buffer, beside=sys.argv[1] == "add")
