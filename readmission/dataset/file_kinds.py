"""Tells what a file is that is no CSV, from how it begins: the cause of a refusal, and the cure."""

import re

START_BYTES = 4096
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
ZIP, GZIP = b"PK", b"\x1f\x8b"

_EXPORT = "write the table as CSV with the tool that made it"
_UNPACK = "unpack it and give the CSV, or pack the CSV as zip or gz"
_SAVE_AS = "open it in Excel and save it as `CSV UTF-8 (comma delimited)`"
_TAR_MARK, _TAR_PLACE = b"ustar", 257
_BINARY = (
    (b"PAR1", f"a Parquet file: {_EXPORT}"),
    (b"ARROW1", f"an Arrow file: {_EXPORT}"),
    (b"SQLite format 3", f"an SQLite database: {_EXPORT}"),
    (b"\x89HDF", f"an HDF5 file: {_EXPORT}"),
    (b"RDX", f"an R data file: {_EXPORT}"),
    (b"X\n\x00", f"an R data file: {_EXPORT}"),
    (b"$FL2", f"an SPSS file: {_EXPORT}"),
    (b"<stata_dta>", f"a Stata file: {_EXPORT}"),
    (b"\x80\x04\x95", f"a Python pickle: {_EXPORT}"),
    (b"\x80\x05\x95", f"a Python pickle: {_EXPORT}"),
    (b"\xd0\xcf\x11\xe0", f"an old Excel workbook (xls): {_SAVE_AS}"),
    (b"%PDF", f"a PDF document: {_EXPORT}"),
    (b"7z\xbc\xaf\x27\x1c", f"a 7z archive: {_UNPACK}"),
    (b"Rar!", f"a RAR archive: {_UNPACK}"),
    (b"BZh", f"a bzip2 file: {_UNPACK}"),
    (b"\xfd7zXZ", f"an xz file: {_UNPACK}"),
    (b"\x28\xb5\x2f\xfd", f"a zstd file: {_UNPACK}"),
    (ZIP, "a zip archive: give it to `readmission load --source`, which unpacks it"),
    (GZIP, "a gzip file: give it to `readmission load --source`, which unpacks it"),
)
_TEXT = (
    (
        rb"version https://git-lfs",
        "a Git LFS pointer, not the file it stands for: run `git lfs pull` where it came from",
    ),
    (rb"https?://\S+\s*$", "only a web address: give that address as the source, or download the file behind it"),
    (rb"\[InternetShortcut\]", "only a link to a web address: give that address as the source"),
    (rb"<\?xml", f"an XML file: {_EXPORT}"),
    (
        rb"<",
        "a web page, not a CSV: an address that asks to log in, or a page about the file; open it in a browser, "
        "download the CSV and give its path",
    ),
    (rb"\{|\[\s*[\[{\"]", f"JSON, not a CSV: {_EXPORT}"),
    (rb"(?i)@relation\b", f"an ARFF file: {_EXPORT}"),
)
_OFFICE = (
    ("xl/", f"an Excel workbook: {_SAVE_AS}"),
    ("word/", "a Word document: give the CSV"),
    ("content.xml", "an OpenDocument file: save the sheet as CSV, UTF-8, separated by commas"),
    ("Index/Document.iwa", "a Numbers document: export it as CSV, UTF-8"),
)


def is_packed(start: bytes) -> bool:
    """Whether what begins so is a zip or gzip file, which we unpack."""
    return start.startswith((ZIP, GZIP))


def other_kind(start: bytes) -> str | None:
    """What a file is and what to do about it, from its first `START_BYTES`; None for text that may be a CSV."""
    for mark, kind in _BINARY:
        if start.startswith(mark):
            return kind
    if start[_TAR_PLACE:].startswith(_TAR_MARK):
        return f"a tar archive: {_UNPACK}"
    if b"\x00" in start and not start.startswith(UTF16_MARKS):
        return f"binary data, not text (it holds zero bytes): {_EXPORT}"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((kind for pattern, kind in _TEXT if re.match(pattern, text)), None)


def office_document(members: list[str]) -> str | None:
    """What a zip with such members is if it is an office document, and what to do about it."""
    return next((kind for mark, kind in _OFFICE if any(member.startswith(mark) for member in members)), None)
