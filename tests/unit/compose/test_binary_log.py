"""A binary log is done once more in the databases that are named, whole transactions, to a moment; harm is noticed."""

import base64
import io
import re
import struct
import zlib
from datetime import UTC, datetime

import pytest

from compose import binary_log
from compose.binary_log import MAGIC, BinaryLogError, Replay, events

FORMAT, QUERY, XID, MAP, ROWS = 15, 2, 16, 19, 30


def event(kind: int, body: bytes, when: int = 100) -> bytes:
    raw = struct.pack("<IBIIIH", when, kind, 1, 19 + len(body) + 4, 0, 0) + body
    return raw + struct.pack("<I", zlib.crc32(raw))


def query(text: str, database: str = "RAW_DATA", when: int = 100) -> bytes:
    status = struct.pack("<BIBQ", 0, 1 << 26, 1, 4)
    head = struct.pack("<IIBHH", 7, 0, len(database), 0, len(status))
    return event(QUERY, head + status + database.encode() + b"\0" + text.encode(), when)


def rows(database: str, table: str, value: bytes, when: int = 100, ends: bool = True) -> bytes:
    names = bytes([len(database)]) + database.encode() + b"\0" + bytes([len(table)]) + table.encode() + b"\0"
    number = (table.encode() + bytes(6))[:6]
    changed = event(ROWS, number + struct.pack("<HH", int(ends), 2) + value, when)
    return event(MAP, number + bytes(2) + names, when) + changed


def transaction(*changes: bytes, when: int = 100) -> bytes:
    return query("BEGIN", when=when) + b"".join(changes) + event(XID, bytes(8), when)


def said(*entries: bytes, until: datetime | None = None) -> str:
    log = io.BytesIO(MAGIC + event(FORMAT, b"format") + b"".join(entries))
    replay = Replay(("RAW_DATA", "CLEAN_DATA"), until, ("RAW_DATA", "forgotten"))
    return "".join(replay.statements(events(log, "binlog.000001")))


def carried(text: str) -> bytes:
    """What the BINLOG statements hold."""
    return b"".join(base64.b64decode(found) for found in re.findall(r"BINLOG '\n(.*?)';", text, flags=re.DOTALL))


def test_rows_of_the_named_databases_alone_are_given_back_as_they_were() -> None:
    ours = rows("RAW_DATA", "predictions", b"a patient")
    text = said(transaction(ours, rows("mlflow", "runs", b"a run")))
    assert ours in carried(text) and b"a run" not in carried(text)
    assert text.index("gtid_next='AUTOMATIC'") < text.index("BEGIN;") < text.index("COMMIT;")


def test_a_transaction_that_has_no_end_is_left_out() -> None:
    assert "BEGIN" not in said(query("BEGIN"), rows("RAW_DATA", "predictions", b"half"))
    assert "BEGIN" not in said(query("BEGIN"), rows("RAW_DATA", "predictions", b"undone"), query("ROLLBACK"))


def test_tables_are_changed_as_they_were_and_accounts_are_not() -> None:
    text = said(
        query("ALTER TABLE x ADD y INT", "CLEAN_DATA"), query("CREATE USER bob"), query("DROP TABLE r", "mlflow")
    )
    assert "USE `CLEAN_DATA`;" in text and "ALTER TABLE x ADD y INT" in text
    assert "sql_mode=4;" in text and "foreign_key_checks=0" in text
    assert "bob" not in text and "DROP TABLE" not in text
    assert "USE" not in said(query("DROP DATABASE RAW_DATA")), "it may not be there"


def test_what_came_after_the_moment_is_left_out_but_for_what_was_forgotten() -> None:
    text = said(
        transaction(rows("RAW_DATA", "predictions", b"before", 100), when=100),
        transaction(rows("RAW_DATA", "predictions", b"after", 200), when=200),
        query("DROP TABLE predictions", when=200),
        transaction(rows("RAW_DATA", "forgotten", b"a digest", 300), when=300),
        until=datetime.fromtimestamp(150, UTC),
    )
    assert b"before" in carried(text) and b"a digest" in carried(text)
    assert b"after" not in carried(text) and "DROP" not in text


def test_a_large_statement_is_given_in_pieces_that_each_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary_log, "_MOST_BYTES", 10)
    many = [rows("RAW_DATA", "loads", bytes([65 + number]) * 20, ends=number == 2) for number in range(3)]
    first_map = many[0][: -len(many[0]) // 2]
    text = said(transaction(*many))
    pieces = re.findall(r"BINLOG '\n(.*?)';", text, flags=re.DOTALL)[1:]
    assert len(pieces) == 3
    for piece in pieces:
        found = list(events(io.BytesIO(MAGIC + base64.b64decode(piece)), "a piece"))
        assert found[0].kind == MAP and found[-1].body[6] & 1, "its tables first, and an end that the server sees"
    assert first_map[:19] in base64.b64decode(pieces[0])


def test_a_changed_byte_is_named_by_its_place_and_a_cut_ends_before_it() -> None:
    log = MAGIC + event(FORMAT, b"format") + transaction(rows("RAW_DATA", "predictions", b"a patient"))
    at = log.index(b"a patient")
    with pytest.raises(BinaryLogError, match=r"binlog\.000001 is damaged at position \d+"):
        list(events(io.BytesIO(log[:at] + b"b" + log[at + 1 :]), "binlog.000001"))
    assert [one.kind for one in events(io.BytesIO(log[:-3]), "binlog.000001")] == [FORMAT, QUERY, MAP, ROWS]
    with pytest.raises(BinaryLogError, match="is no binary log"):
        list(events(io.BytesIO(b"text"), "x"))
