"""Reads MySQL's binary log and writes the statements that do once more what is in it, in databases that are named.

As `mysqlbinlog` does, which the server's image may lack: changes of rows are given to the server as they are in the log
(`BINLOG`), and so mean the same to the byte; statements that change tables are repeated with the modes they had. A
transaction that is not there to its end is left out. Standard library alone, under any Python 3.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, NamedTuple

MAGIC = b"\xfebin"
_HEADER, _CHECKSUM = 19, 4
_QUERY, _ROTATE, _FORMAT, _XID, _TABLE_MAP, _PAYLOAD = 2, 4, 15, 16, 19, 40
_ROWS = frozenset((30, 31, 32, 39))
_STATEMENT_ENDS = 1
# What one BINLOG statement carries at most, but for a single event: far below `max_allowed_packet`.
_MOST_BYTES = 4_000_000
_CHANGES_TABLES = ("CREATE ", "ALTER ", "DROP ", "RENAME ", "TRUNCATE ")
_OF_ACCOUNTS = ("USER", "ROLE")
_DATABASE = ("DATABASE", "SCHEMA")


class BinaryLogError(Exception):
    """A log does not go on where it should, or is damaged; a sentence that says where."""


class Event(NamedTuple):
    """One entry of a log: when (seconds since 1970), of which kind, its bytes whole, and where the next one is."""

    when: int
    kind: int
    raw: bytes
    end: int

    @property
    def body(self) -> bytes:
        """Between header and checksum."""
        return self.raw[_HEADER:-_CHECKSUM]


def events(log: IO[bytes], name: str, start: int = 4) -> Iterator[Event]:
    """The entries of a log from a position on, each held against its checksum; the first is always the format's.

    Raises:
        BinaryLogError: it is another file, or damaged. One that ends within an entry, as after a crash, ends before it.
    """
    if log.read(4) != MAGIC:
        raise BinaryLogError(f"{name} is no binary log")
    at = 4
    while len(header := log.read(_HEADER)) == _HEADER:
        when, kind, _, size, _, _ = struct.unpack("<IBIIIH", header)
        raw = header + log.read(max(size - _HEADER, 0))
        if len(raw) < size:
            return
        # Of the format's event the server changes a flag (in use) after it wrote the checksum.
        if kind != _FORMAT and zlib.crc32(raw[:-_CHECKSUM]) != struct.unpack("<I", raw[-_CHECKSUM:])[0]:
            raise BinaryLogError(f"{name} is damaged at position {at}")
        if at >= start or kind == _FORMAT:
            yield Event(when, kind, raw, at + size)
        at += size


class Replay:
    """Turns entries into statements, whole transactions at a time.

    `databases` are those that are replayed, `always` a table (database, name) that is replayed past `until` too.
    """

    def __init__(self, databases: Iterable[str], until: datetime | None, always: tuple[str, str]) -> None:
        self._databases, self._always = frozenset(databases), always
        self._until = until.timestamp() if until else None
        self._format: bytes | None = None
        self._transaction: list[str] | None = None
        self._maps: dict[bytes, tuple[str, str]] = {}
        self._held: list[bytes] = []
        self._map_events: list[bytes] = []
        self.last = 0

    def statements(self, entries: Iterable[Event]) -> Iterator[str]:
        """The statements of the entries of one log."""
        for event in entries:
            if event.kind == _FORMAT:
                if event.raw != self._format:
                    self._format = event.raw
                    # Afterwards the session would take its transactions for a log's, with their own numbers or none.
                    yield _binlog([self._closed_format()]) + "SET @@session.gtid_next='AUTOMATIC';\n"
            elif event.kind == _PAYLOAD:
                raise BinaryLogError("the binary log is compressed (binlog_transaction_compression), which is not read")
            elif event.kind == _QUERY:
                yield from self._query(event)
            elif event.kind == _TABLE_MAP:
                self._map(event)
            elif event.kind in _ROWS:
                self._rows(event)
            elif event.kind == _XID:
                yield from self._committed()

    def _closed_format(self) -> bytes:
        """The format's entry without the flag that says that the log is in use."""
        assert self._format is not None
        raw = self._format[:17] + b"\0\0" + self._format[_HEADER:-_CHECKSUM]
        return raw + struct.pack("<I", zlib.crc32(raw))

    def _is_late(self, event: Event) -> bool:
        return self._until is not None and event.when > self._until

    def _query(self, event: Event) -> Iterator[str]:
        database, text, modes = _parsed(event.body)
        word = text[:20].strip().upper()
        if word == "BEGIN":
            self._transaction = []
        elif word == "COMMIT":
            yield from self._committed()
        elif word == "ROLLBACK":
            self._transaction = None
        elif database in self._databases and _changes_tables(text) and not self._is_late(event):
            self.last = event.when
            use = "" if text.split(None, 2)[1].upper() in _DATABASE else f"USE `{database}`;\n"
            yield f"{use}{modes}SET TIMESTAMP={event.when};\n{_delimited(text)}"

    def _map(self, event: Event) -> None:
        body = event.body
        size = body[8]
        database = body[9 : 9 + size].decode()
        name = body[11 + size : 11 + size + body[10 + size]].decode()
        self._maps[body[:6]] = (database, name)
        if self._replays(event, (database, name)):
            self._map_events.append(event.raw)

    def _replays(self, event: Event, table: tuple[str, str]) -> bool:
        return table == self._always or (table[0] in self._databases and not self._is_late(event))

    def _rows(self, event: Event) -> None:
        ends = bool(struct.unpack("<H", event.body[6:8])[0] & _STATEMENT_ENDS)
        if self._replays(event, self._maps[event.body[:6]]):
            self.last = event.when
            self._held.append(event.raw)
        if self._held and (ends or sum(map(len, self._held)) > _MOST_BYTES):
            self._held[-1] = _ending(self._held[-1])
            if self._transaction is not None:
                self._transaction.append(_binlog([*self._map_events, *self._held]))
            self._held = []
        if ends:
            self._map_events = []

    def _committed(self) -> Iterator[str]:
        done, self._transaction = self._transaction, None
        if done:
            yield "".join(("BEGIN;\n", *done, "COMMIT;\n"))


def _parsed(body: bytes) -> tuple[str, str, str]:
    """A statement's database, its text, and what sets the modes that it ran with."""
    _, _, size, _, status = struct.unpack("<IIBHH", body[:13])
    database = body[13 + status : 13 + status + size].decode()
    text = body[13 + status + size + 1 :].decode("utf-8", "surrogateescape")
    return database, text, "".join(_modes(body[13 : 13 + status]))


def _modes(status: bytes) -> Iterator[str]:
    """The variables that decide what a statement means, of those that are written with it; they come in this order."""
    at = 0
    while at < len(status):
        code, at = status[at], at + 1
        if code == 0:
            flags = struct.unpack("<I", status[at : at + 4])[0]
            yield f"SET @@session.foreign_key_checks={int(not flags & 1 << 26)}, "
            yield f"@@session.unique_checks={int(not flags & 1 << 27)};\n"
            at += 4
        elif code == 1:
            yield f"SET @@session.sql_mode={struct.unpack('<Q', status[at : at + 8])[0]};\n"
            at += 8
        elif code == 3:
            at += 4
        elif code == 4:
            client, connection, server = struct.unpack("<HHH", status[at : at + 6])
            yield f"SET @@session.character_set_client={client}, @@session.collation_connection={connection}, "
            yield f"@@session.collation_server={server};\n"
            at += 6
        elif code in (5, 6):
            at += 1 + status[at]
        else:
            return


def _changes_tables(text: str) -> bool:
    words = text.lstrip().upper()
    return words.startswith(_CHANGES_TABLES) and not words.split(None, 2)[1].startswith(_OF_ACCOUNTS)


def _delimited(text: str) -> str:
    return f"DELIMITER /*!*/;\n{text}\n/*!*/;\nDELIMITER ;\n"


def _ending(raw: bytes) -> bytes:
    """The entry as one that ends its statement."""
    flags = struct.unpack("<H", raw[_HEADER + 6 : _HEADER + 8])[0] | _STATEMENT_ENDS
    changed = raw[: _HEADER + 6] + struct.pack("<H", flags) + raw[_HEADER + 8 : -_CHECKSUM]
    return changed + struct.pack("<I", zlib.crc32(changed))


def _binlog(entries: list[bytes]) -> str:
    return f"BINLOG '\n{base64.encodebytes(b''.join(entries)).decode()}';\n"
