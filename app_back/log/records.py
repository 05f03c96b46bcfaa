"""A group of rows as a line of the journal: a checksum, how many they are, and JSON.

The checksum is of all that follows it: what is left of a group that was not written whole is no record. Damage does not
reach beyond its line.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

import msgspec

from app_back.log.row import LoggedRow

_Fields = list[tuple[str, Any] | tuple[str, Any, Any]]
_DEFAULTS = LoggedRow._field_defaults


def _fields() -> _Fields:
    declared = LoggedRow.__annotations__.items()
    return [(name, kind, _DEFAULTS[name]) if name in _DEFAULTS else (name, kind) for name, kind in declared]


# JSON by name, so that a journal of before, without a later field, is read.
_read = msgspec.json.Decoder(list[msgspec.defstruct("Row", _fields())]).decode  # type: ignore[misc]
_written = msgspec.json.Encoder().encode
_COUNT = re.compile(rb"[0-9a-f]{8} ([1-9]\d{0,8}) ")


class RecordError(ValueError):
    """A line of the journal is not what was written."""


def record(rows: Sequence[LoggedRow]) -> bytes:
    """The rows' record: one line, with its end."""
    # Row by row, so that a batch does not keep other threads waiting.
    counted = b"%d [%s]" % (len(rows), b",".join([_written(row._asdict()) for row in rows]))
    return b"%08x %s\n" % (crc32(counted), counted)


def rows_of(line: bytes) -> list[LoggedRow]:
    """The rows of a record.

    Raises:
        RecordError: the checksum does not fit, or they are no rows.
    """
    checksum, _, counted = line.removesuffix(b"\n").partition(b" ")
    if checksum != b"%08x" % crc32(counted):
        raise RecordError
    try:
        return [LoggedRow(*msgspec.structs.astuple(row)) for row in _read(counted.partition(b" ")[2])]
    except msgspec.DecodeError as error:
        raise RecordError from error


def sound(lines: Iterable[bytes]) -> tuple[list[LoggedRow], list[bytes]]:
    """The rows of those lines that are records, and the other lines."""
    rows: list[LoggedRow] = []
    damaged = []
    for line in lines:
        try:
            rows += rows_of(line)
        except RecordError:
            damaged.append(line)
    return rows, damaged


def count(line: bytes) -> int:
    """How many rows a record says that it has, unproven; 1 where it does not say."""
    said = _COUNT.match(line)
    return int(said[1]) if said else 1
