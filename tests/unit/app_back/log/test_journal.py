"""The journal's files: what is in them is whole, and what cannot be is told."""

import fcntl
import os
from pathlib import Path

import pytest

from app_back.log.journal import Journal, JournalError
from app_back.log.records import record
from app_back.log.row import LoggedRow
from app_back.log.segment import Segment
from tests.largest_file import largest_file
from tests.unit.app_back.log.made import AT, rows


def journal(folder: Path, capacity: int = 1_000_000) -> Journal:
    opened = Journal(folder / "serving/journal", capacity)
    opened.open()
    return opened


def kept(opened: Journal) -> list[LoggedRow]:
    """Every row, which is drained by that."""
    found: list[LoggedRow] = []
    while (drained := opened.oldest_records(7)) is not None:
        found += drained.rows
        opened.done(drained)
    return found


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
    opened = journal(tmp_path, capacity=3 * len(record(given[:1])) + 10)
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


def test_a_full_disk_leaves_no_half_record(tmp_path: Path) -> None:
    opened = journal(tmp_path)
    given = rows(6)
    opened.append(given[:2])
    (file,) = opened.folder.iterdir()
    durable = file.stat().st_size
    with largest_file(durable + len(record(given[2:3])) + 20):
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
    file.write_bytes(file.read_bytes() + record(rows(1))[:40])
    assert (one.adopt(), other.adopt()) == (5, 0)
    assert one.oldest == AT
    assert "ends in a write that broke off unanswered: 40 bytes are cut" in caplog.text
    assert kept(one) == given
    assert kept(other) == [] == list(one.folder.iterdir())


def test_a_batch_that_was_not_written_whole_is_cut_off_whole(tmp_path: Path) -> None:
    before, batch = rows(3), rows(1_000)
    torn = record(batch)
    for end in (1, 8, 9, 13, 14, *range(1_000, len(torn), 7_919), len(torn) - 2, len(torn) - 1):
        gone = journal(tmp_path)
        gone.append(before)
        gone.append(batch)
        gone.close()
        (file,) = gone.folder.iterdir()
        os.truncate(file, len(record(before)) + end)
        opened = journal(tmp_path)
        assert opened.adopt() == 3, end
        assert file.stat().st_size == len(record(before))
        assert kept(opened) == before, end


@pytest.mark.parametrize("lost", [slice(60, 61), slice(4_096, 8_192)])
def test_damage_in_the_middle_takes_its_record_and_no_other(tmp_path: Path, lost: slice) -> None:
    """A byte that changed, and a page that a loss of power kept from the disk while the record's end got there."""
    gone = journal(tmp_path)
    groups = [rows(50) for _ in range(3)]
    for group in groups:
        gone.append(group)
    gone.close()
    (file,) = gone.folder.iterdir()
    damaged = bytearray(record(groups[1]))
    damaged[lost] = bytes(lost.stop - lost.start)
    file.write_bytes(record(groups[0]) + damaged + record(groups[2]))
    opened = journal(tmp_path)
    assert opened.adopt() == 150
    drained = opened.oldest_records(200)
    assert drained is not None
    assert drained.rows == groups[0] + groups[2]
    assert drained.damaged == [damaged] and drained.counted == 150
    opened.done(drained)
    assert (opened.rows, opened.size) == (0, 0)


def test_small_records_are_drained_together_and_a_large_one_whole(tmp_path: Path) -> None:
    opened = journal(tmp_path)
    sizes = []
    for size in (2, 3, 2, 20, 1):
        opened.append(rows(size))
    while (drained := opened.oldest_records(7)) is not None:
        sizes.append(len(drained.rows))
        opened.done(drained)
    assert sizes == [7, 20, 1]


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
