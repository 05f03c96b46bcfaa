"""A row as a line of the journal: a checksum, a space, JSON. Damage does not reach beyond its line."""

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
_read = msgspec.json.Decoder(msgspec.defstruct("Record", _fields())).decode
_written = msgspec.json.Encoder().encode


class RecordError(ValueError):
    """A line of the journal is not what was written."""


def line(row: LoggedRow) -> bytes:
    """The row's line, with its end."""
    text = _written(row._asdict())
    return b"%08x %s\n" % (crc32(text), text)


def row_of(record: bytes) -> LoggedRow:
    """The row of a line, without its end.

    Raises:
        RecordError: the checksum does not fit, or it is no row.
    """
    checksum, _, text = record.partition(b" ")
    if checksum != b"%08x" % crc32(text):
        raise RecordError
    try:
        return LoggedRow(*msgspec.structs.astuple(_read(text)))
    except msgspec.DecodeError as error:
        raise RecordError from error
