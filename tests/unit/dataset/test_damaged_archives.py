"""Every way in which an archive's bytes can be wrong is a line that says so, whatever the library calls it."""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import pytest

from readmission.dataset import archives
from readmission.errors import SourceError

TEXT = b"".join(b"%d,%d\n" % (row, row * 7919) for row in range(500))
CENTRAL = b"PK\x01\x02"


def packed(method: int, name: str = "data.csv", extra: bytes = b"") -> bytes:
    file, member = io.BytesIO(), zipfile.ZipInfo(name)
    member.compress_type, member.extra = method, extra
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, TEXT)
    return file.getvalue()


def patched(archive: bytes, offset: int, new: bytes) -> bytes:
    """The archive with other bytes at an offset of its list of members."""
    place = archive.index(CENTRAL) + offset
    return archive[:place] + new + archive[place + len(new) :]


def spoilt(archive: bytes) -> bytes:
    """The archive with other bytes in what is packed."""
    return archive[:60] + b"\xff" * 8 + archive[68:]


STORED = packed(zipfile.ZIP_STORED)
DAMAGED = {
    "an offset before the file": STORED[:-6] + struct.pack("<I", 1 << 20) + STORED[-2:],
    "an offset beyond every file": patched(
        packed(zipfile.ZIP_STORED, extra=struct.pack("<HHQ", 1, 8, (1 << 64) - 1)), 42, b"\xff" * 4
    ),
    "a name that is no text": packed(zipfile.ZIP_STORED, "á.csv").replace("á".encode(), b"\xff\xfe"),
    "a method of packing that nobody knows": patched(STORED, 10, b"\x63"),
    "a password": patched(STORED, 8, b"\x01"),
    "another sum": STORED.replace(b"7919", b"7918", 1),
    "spoilt deflate": spoilt(packed(zipfile.ZIP_DEFLATED)),
    "spoilt bzip2": spoilt(packed(zipfile.ZIP_BZIP2)),
    "spoilt lzma": spoilt(packed(zipfile.ZIP_LZMA)),
    "spoilt gzip": spoilt(gzip.compress(TEXT)),
    "another sum in gzip": gzip.compress(TEXT)[:-8] + bytes(8),
    "a cut gzip": gzip.compress(TEXT)[:-20],
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_one_line(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "read_layout", lambda *_: None)  # what is packed is not looked at here
    archive = tmp_path / "archive"
    archive.write_bytes(DAMAGED[case])
    with pytest.raises(SourceError, match=r"^given cannot be unpacked \(.*\): it is damaged or cut short; fetch it"):
        archives.unpack(archive, lambda: tmp_path / "out", "given")
