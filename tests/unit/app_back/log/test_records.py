"""A group of rows is one record, which is whole or none."""

from zlib import crc32

import pytest

from app_back.log.records import RecordError, count, record, rows_of
from app_back.log.row import COLUMNS
from tests.unit.app_back.log.made import rows


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_a_group_comes_back_as_it_went(size: int) -> None:
    given = rows(size)
    assert rows_of(record(given)) == given
    assert count(record(given)) == size
    assert record(given).count(b"\n") == 1


@pytest.mark.parametrize("first", ["request_id", "shadow_version"])
def test_a_record_of_before_lacks_the_last_columns(first: str) -> None:
    given = rows(2)
    later = "".join(f',"{name}":null' for name in COLUMNS[COLUMNS.index(first) :])
    whole = record(given)[:-1].partition(b" ")[2]
    text = whole.replace(later.encode(), b"")
    assert len(whole) - len(text) == 2 * len(later)
    assert rows_of(b"%08x %s\n" % (crc32(text), text)) == given


def test_what_the_shadow_said_comes_back() -> None:
    (row,) = rows(1)
    given = [row._replace(shadow_version="2", shadow_probability=0.1 + 0.2, shadow_threshold=1e-300)]
    assert rows_of(record(given)) == given


@pytest.mark.parametrize("place", [0, 8, 9, 10, 30, -2])
def test_a_byte_that_changed_is_noticed(place: int) -> None:
    changed = bytearray(record(rows(3)))
    changed[place] ^= 1
    with pytest.raises(RecordError):
        rows_of(bytes(changed))
