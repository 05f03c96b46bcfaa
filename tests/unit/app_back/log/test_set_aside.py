"""The files of what cannot get into the table."""

from pathlib import Path

from app_back.log import set_aside


def test_records_are_kept_once_and_whole_after_a_crash_left_part_of_one(tmp_path: Path) -> None:
    segment = tmp_path / "one.rows"
    first, second = b"1 a\r\n", b"2 b\n"
    path = set_aside.keep(segment, set_aside.REFUSED, [first])
    path.write_bytes(path.read_bytes() + second[:2])
    for _ in range(2):
        assert set_aside.keep(segment, set_aside.REFUSED, [first, second]) == path
    assert path.name == "one.refused" and path.stat().st_mode & 0o077 == 0
    assert path.read_bytes() == first + second[:2] + b"\n" + second
    assert set_aside.files(tmp_path) == 1
