"""The journal's files: what is in them is whole, and what cannot be is told."""

import fcntl
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zlib import crc32

import pytest

from app_back.log.journal import Journal, JournalError
from app_back.log.records import RecordError, line, row_of
from app_back.log.row import LoggedRow, new_id
from app_back.log.segment import Segment

AT = datetime(2026, 1, 2, 3, 4, 5, 678901)


def rows(count: int, reference: str = "ñ\n\r\u2028\"'\\") -> list[LoggedRow]:
    return [
        LoggedRow(new_id(), AT, reference, '{"age": 65}', 0, 0.1 + 0.2, 1e-300, "m", "1", "real", None)
        for _ in range(count)
    ]


def journal(folder: Path, capacity: int = 1_000_000) -> Journal:
    opened = Journal(folder / "serving/journal", capacity)
    opened.open()
    return opened


def kept(opened: Journal) -> list[LoggedRow]:
    """Every row, which is drained by that."""
    found: list[LoggedRow] = []
    while (drained := opened.oldest_lines(7)) is not None:
        found += drained.rows
        opened.done(drained)
    return found


def test_a_row_comes_back_as_it_went() -> None:
    (row,) = rows(1)
    assert row_of(line(row)[:-1]) == row
    assert line(row).count(b"\n") == 1


def test_a_record_of_before_lacks_the_last_column() -> None:
    (row,) = rows(1)
    assert row.request_id is None
    text = line(row)[:-1].partition(b" ")[2].replace(b',"request_id":null', b"")
    assert row_of(b"%08x %s" % (crc32(text), text)) == row


@pytest.mark.parametrize("place", [0, 8, 30, -1])
def test_a_byte_that_changed_is_noticed(place: int) -> None:
    record = bytearray(line(rows(1)[0])[:-1])
    record[place] ^= 1
    with pytest.raises(RecordError):
        row_of(bytes(record))


def test_rows_come_back_in_their_order_and_the_files_go(tmp_path: Path) -> None:
    opened = journal(tmp_path)
    given = rows(20)
    for start in range(0, 20, 5):
        opened.append(given[start : start + 5])
    assert (opened.rows, opened.oldest) == (20, AT)
    assert kept(opened) == given
    assert (opened.rows, opened.size, opened.oldest) == (0, 0, None)
    assert list(opened.folder.iterdir()) == []


def test_a_full_journal_takes_no_part_of_a_group_and_goes_on_when_it_has_room(tmp_path: Path) -> None:
    given = rows(4)
    opened = journal(tmp_path, capacity=3 * len(line(given[0])) + 10)
    opened.append(given[:2])
    with pytest.raises(JournalError, match=r"^the journal is full \(0 MB, JOURNAL_MAX_MB\)$"):
        opened.append(given[2:])
    assert opened.problem == "the journal is full (0 MB, JOURNAL_MAX_MB)"
    opened.open()
    assert opened.problem is not None, "a look at its disk makes it no emptier"
    assert kept(opened) == given[:2]
    assert opened.problem is None
    opened.append(given[2:])
    assert kept(opened) == given[2:]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The system lets no file become larger, as if its disk were full."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_no_half_record(tmp_path: Path) -> None:
    opened = journal(tmp_path)
    given = rows(6)
    opened.append(given[:2])
    (file,) = opened.folder.iterdir()
    durable = file.stat().st_size
    with largest_file(durable + len(line(given[2])) + 20):
        for _ in range(3):
            with pytest.raises(JournalError, match=r"^the journal's disk is full$"):
                opened.append(given[2:4])
            assert opened.problem == "the journal's disk is full"
            assert file.stat().st_size == durable
            assert list(opened.folder.iterdir()) == [file]
    opened.append(given[4:])
    assert opened.problem is None
    assert kept(opened) == given[:2] + given[4:]


def test_a_sync_that_fails_keeps_nothing_and_ends_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk's error cannot be had here; everything else is real."""
    opened = journal(tmp_path)
    given = rows(3)
    opened.append(given[:1])
    with monkeypatch.context() as patch, pytest.raises(JournalError, match=r"\(Input/output error\)"):
        patch.setattr("os.fdatasync", _fails)
        opened.append(given[1:2])
    opened.append(given[2:])
    assert len(list(opened.folder.iterdir())) == 2
    assert kept(opened) == [given[0], given[2]]


def _fails(_descriptor: int) -> None:
    raise OSError(5, "Input/output error")


def test_what_a_worker_that_is_gone_left_is_adopted_by_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gone, one, other = journal(tmp_path), journal(tmp_path), journal(tmp_path)
    given = rows(5)
    gone.append(given)
    assert one.adopt() == other.adopt() == 0, "its worker lives"
    assert one.rows_of_others() == 5
    gone.close()
    (file,) = one.folder.iterdir()
    file.write_bytes(file.read_bytes() + line(rows(1)[0])[:40])
    assert (one.adopt(), other.adopt()) == (5, 0)
    assert "ends in a write that broke off unanswered: 40 bytes are cut" in caplog.text
    assert kept(one) == given
    assert kept(other) == [] == list(one.folder.iterdir())


def test_damage_in_the_middle_does_not_reach_beyond_its_line(tmp_path: Path) -> None:
    gone = journal(tmp_path)
    given = rows(5)
    gone.append(given)
    gone.close()
    (file,) = gone.folder.iterdir()
    data = bytearray(file.read_bytes())
    data[2 * len(line(given[0])) + 60] ^= 255
    file.write_bytes(data)
    opened = journal(tmp_path)
    opened.adopt()
    drained = opened.oldest_lines(10)
    assert drained is not None
    assert drained.rows == given[:2] + given[3:]
    assert len(drained.damaged) == 1 and drained.lines == 5


def test_a_file_that_somebody_takes_before_it_is_locked_is_left_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a file's making and its lock another worker takes it for an orphan."""
    real = fcntl.flock
    taken: list[Path] = []

    def late(descriptor: int, how: int) -> None:
        if not taken:
            (path,) = tmp_path.iterdir()
            taken.append(path)
            path.unlink()
        real(descriptor, how)

    monkeypatch.setattr("fcntl.flock", late)
    segment = Segment.create(tmp_path)
    assert taken and segment.path.exists() and segment.path != taken[0]
