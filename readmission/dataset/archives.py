"""Finds the encounters' CSV in what a source gives: plain, gzipped, zipped, or packed twice."""

import errno
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from readmission.dataset.csv_layout import as_text, read_layout
from readmission.dataset.file_kinds import GZIP, START_BYTES, is_packed, office_document
from readmission.errors import InvalidFileError, SourceError
from readmission.printable import printable

CSV_IN_ARCHIVE = "diabetic_data.csv"
# Far above the real archive (19 MB), far below a disk: what unpacks to more is refused.
LARGEST_BYTES = 4 << 30
MOST_LAYERS = 3
COPY_BYTES = 1 << 20
_LINE_END = re.compile(rb"[\r\n]")
_TABLES, _PACKED = (".csv", ".tsv", ".tab", ".txt"), (".zip", ".gz")
# A ValueError: a name that is no text, or a place beyond what files can have.
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError)
# The system's errors among them: what gzip and bzip2 refuse has no number, a place before the file's first byte this.
_DAMAGED_NUMBERS = (None, errno.EINVAL)


@dataclass(frozen=True)
class Unpacked:
    """A CSV, and what a person should know of where in the file it was."""

    path: Path
    remarks: tuple[str, ...] = ()


def unpack(packed: Path, new_file: Callable[[], Path], name: str, largest: int = LARGEST_BYTES) -> Unpacked:
    """The CSV that a file is (then the file itself), or holds; `name` is what messages call the source.

    Raises:
        InvalidFileError: it holds no such CSV; says what it holds.
        SourceError: it is damaged, or unpacks to more than `largest` bytes.
        OSError: the disk did not take it.
    """
    found = Unpacked(packed)
    for _ in range(MOST_LAYERS):
        start = _start(found.path)
        if not is_packed(start):
            return found
        found = _unpack_layer(found, start, new_file(), name, largest)
    if is_packed(_start(found.path)):
        raise InvalidFileError(f"{name} is packed more than {MOST_LAYERS} times: unpack it and give the CSV")
    return found


def check_size(done: int, name: str, largest: int) -> None:
    """Raises SourceError past `largest` bytes."""
    if done > largest:
        raise SourceError(f"{name} is larger than {largest:,} bytes, which no data set of encounters is: refused")


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(START_BYTES)


def _unpack_layer(packed: Unpacked, start: bytes, out: Path, name: str, largest: int) -> Unpacked:
    remarks = packed.remarks
    with out.open("wb") as file, _damage_told(name):
        if start.startswith(GZIP):
            with gzip.open(packed.path) as stream:
                _copy(cast(BinaryIO, stream), file, name, largest)
        else:
            with zipfile.ZipFile(packed.path) as archive:
                member, said = _member(archive.infolist(), name)
                remarks += said
                with archive.open(member) as stream:
                    _copy(cast(BinaryIO, stream), file, name, largest)
    return Unpacked(out, remarks)


@contextmanager
def _damage_told(name: str) -> Iterator[None]:
    try:
        yield
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _DAMAGED_NUMBERS:
            raise
        advice = "it is damaged or cut short; fetch it again, or name another file"
        raise SourceError(f"{name} cannot be unpacked ({error}): {advice}") from error


def _copy(stream: BinaryIO, out: BinaryIO, name: str, largest: int) -> None:
    """Copies what is unpacked, and refuses to go on when it does not begin as the data set does or is too large."""
    done, plain = 0, False
    while data := _whole_read(stream):
        if done == 0 and not is_packed(data):
            with as_text(io.BytesIO(data), name) as text:
                read_layout(text, name)
            plain = True
        if plain and len(data) == COPY_BYTES and not _LINE_END.search(data):
            raise InvalidFileError(f"{name} is no table of encounters: it has {COPY_BYTES:,} bytes without a line end")
        done += len(data)
        check_size(done, name, largest)
        out.write(data)


def _whole_read(stream: BinaryIO) -> bytes:
    """As many bytes as were asked for, unless the stream ends; a single read of a packed file may give fewer."""
    parts, missing = [], COPY_BYTES
    while missing and (data := stream.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def _member(members: list[zipfile.ZipInfo], name: str) -> tuple[zipfile.ZipInfo, tuple[str, ...]]:
    """The published CSV by its name, else the only table, else the only archive; copies of one file are one."""
    document = office_document([member.filename for member in members])
    if document is not None:
        raise InvalidFileError(f"{name} is {document}")
    files = [one for one in members if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
    published = [one for one in files if PurePosixPath(one.filename).name == CSV_IN_ARCHIVE]
    tables = [one for one in files if one.filename.lower().endswith(_TABLES)]
    packed = [one for one in files if one.filename.lower().endswith(_PACKED)]
    found = next((some for some in (published, tables, packed) if some), [])
    if not found:
        raise InvalidFileError(f"{name} holds no CSV (it holds: {_named(files) or 'nothing'}): name another file")
    if len({(one.CRC, one.file_size) for one in found}) > 1:
        raise InvalidFileError(
            f"{name} holds {len(found)} files that could be the data set and differ ({_named(found)}): "
            f"unpack it and give the one that is meant"
        )
    copies = f"{len(found)} copies of one file, of which the first was read: {_named(found)}"
    return found[0], (copies,) if len(found) > 1 else ()


def _named(members: list[zipfile.ZipInfo]) -> str:
    return ", ".join(printable(member.filename)[:200] for member in members[:10])
