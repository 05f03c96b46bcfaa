"""Finds the encounters' CSV in what a source gives: plain, gzipped, zipped, or zipped twice."""

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import IO

from readmission.atomic_files import temporary_beside
from readmission.errors import SourceError

CSV_IN_ARCHIVE = "diabetic_data.csv"
# Far above the real archive (19 MB), far below a disk: what unpacks to more is refused.
LARGEST_BYTES = 4 << 30
DEEPEST_ZIP = 2
COPY_BYTES = 1 << 20
_UNREADABLE = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def extract(packed: Path, out: Path, name: str, largest: int = LARGEST_BYTES) -> None:
    """Writes the CSV that the file is or holds to `out`; `name` is what messages call the source.

    Raises:
        SourceError: there is no such CSV in it, it is damaged, or it unpacks to more than `largest` bytes.
    """
    try:
        _extract(packed, out, name, largest, DEEPEST_ZIP)
    except _UNREADABLE as error:
        raise SourceError(f"{name} cannot be unpacked ({error}): fetch it again, or name another file") from error


def copy(source: IO[bytes] | gzip.GzipFile, out: Path, name: str, largest: int) -> None:
    """Copies a stream to a file, and refuses to go on past `largest` bytes."""
    with out.open("wb") as file:
        done = 0
        while data := source.read(COPY_BYTES):
            done += len(data)
            check_size(done, name, largest)
            file.write(data)


def check_size(done: int, name: str, largest: int) -> None:
    """Raises SourceError past `largest` bytes."""
    if done > largest:
        raise SourceError(f"{name} is larger than {largest:,} bytes, which no data set of encounters is: refused")


def _extract(packed: Path, out: Path, name: str, largest: int, depth: int) -> None:
    with packed.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        _from_zip(packed, out, name, largest, depth)
    elif start.startswith(b"\x1f\x8b"):
        with gzip.open(packed) as stream:
            copy(stream, out, name, largest)
    else:
        with packed.open("rb") as file:
            copy(file, out, name, largest)


def _from_zip(packed: Path, out: Path, name: str, largest: int, depth: int) -> None:
    with zipfile.ZipFile(packed) as archive:
        member = _member(archive.namelist())
        if member is None or depth == 0:
            held = ", ".join(archive.namelist()[:10])
            raise SourceError(f"{name} holds no {CSV_IN_ARCHIVE} (it holds: {held}): name another file")
        with archive.open(member) as stream:
            if not member.lower().endswith(".zip"):
                copy(stream, out, name, largest)
                return
            with temporary_beside(out) as inner:
                copy(stream, inner, name, largest)
                _from_zip(inner, out, name, largest, depth - 1)


def _member(names: list[str]) -> str | None:
    """The published CSV by its name, else the only CSV, else the only zip."""
    files = [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]
    published = [name for name in files if Path(name).name == CSV_IN_ARCHIVE]
    tables = [name for name in files if name.lower().endswith(".csv")]
    zips = [name for name in files if name.lower().endswith(".zip")]
    return next((found[0] for found in (published, tables, zips) if len(found) == 1), None)
