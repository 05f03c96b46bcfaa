"""Files that a tool saved again: read where there is one reading, which is said; else refused with cause and cure."""

import csv as csv_format
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from connections.settings import Settings
from readmission.dataset.csv_check import CheckedFile, check_file
from readmission.dataset.csv_reader import read_blocks
from readmission.errors import InvalidFileError, SourceError
from readmission.features import COLUMN_NAMES
from tests.unit.dataset.site import get, zipped

Table = list[list[str]]
Saves = Callable[[Table], bytes]
LABS = ("max_glu_serum", "A1Cresult")


@pytest.fixture(scope="module")
def table(csv: bytes) -> Table:
    """A header and 1,000 rows."""
    return list(csv_format.reader(io.StringIO(csv.decode())))


def saved(table: Table, separator: str = ",", end: str = "\n", quote: int = csv_format.QUOTE_MINIMAL) -> str:
    text = io.StringIO()
    csv_format.writer(text, delimiter=separator, lineterminator=end, quoting=quote).writerows(table)  # type: ignore[arg-type]
    return text.getvalue()


def replaced(table: Table, words: dict[str, str], *columns: str) -> Table:
    """The table with some cells written otherwise, in the named columns or in all."""
    places = {table[0].index(column) for column in columns or table[0]}
    rows = [[words.get(cell, cell) if n in places else cell for n, cell in enumerate(row)] for row in table[1:]]
    return [table[0], *rows]


def numbered(table: Table, name: str, first: int) -> Table:
    return [[name, *table[0]], *([str(n), *row] for n, row in enumerate(table[1:], start=first))]


def checked(folder: Path, content: bytes) -> CheckedFile:
    (folder / "again.csv").write_bytes(content)
    return check_file(folder / "again.csv")


def read(folder: Path) -> pl.DataFrame:
    return pl.concat([block.frame for block in read_blocks(folder / "again.csv")])


READ_AS_THEY_ARE: dict[str, tuple[Saves, tuple[str, ...]]] = {
    "windows": (lambda table: saved(table, end="\r\n").encode(), ()),
    "old mac": (lambda table: saved(table, end="\r").encode(), ()),
    "byte order mark": (lambda table: saved(table).encode("utf-8-sig"), ()),
    "quoted": (lambda table: saved(table, quote=csv_format.QUOTE_ALL).encode(), ()),
    "columns in another order": (lambda table: saved([row[::-1] for row in table]).encode(), ()),
    "no last line end": (lambda table: saved(table).rstrip("\n").encode(), ()),
    "semicolons": (
        lambda table: saved(table, ";", "\r\n").encode("utf-8-sig"),
        ("cells are separated by semicolons and were read so",),
    ),
    "quoted semicolons": (
        lambda table: saved(table, ";", quote=csv_format.QUOTE_ALL).encode(),
        ("cells are separated by semicolons and were read so",),
    ),
    "Excel's own line": (
        lambda table: b"sep=;\r\n" + saved(table, ";", "\r\n").encode(),
        ("cells are separated by semicolons and were read so",),
    ),
    "tabs": (lambda table: saved(table, "\t").encode(), ("cells are separated by tabs and were read so",)),
    "bars": (lambda table: saved(table, "|").encode(), ("cells are separated by | and were read so",)),
    "Excel's Unicode text": (
        lambda table: saved(table, "\t", "\r\n").encode("utf-16"),
        ("the file is UTF-16 text and was read so", "cells are separated by tabs and were read so"),
    ),
    "pandas's index": (
        lambda table: saved(numbered(table, "", 0)).encode(),
        ("row numbers that a tool added were left out: column ''",),
    ),
    "pandas's index, twice": (
        lambda table: saved(numbered(numbered(table, "Unnamed: 0", 0), "Unnamed: 0.1", 0)).encode(),
        ("row numbers that a tool added were left out: column 'Unnamed: 0.1', column 'Unnamed: 0'",),
    ),
    "R's row names": (
        lambda table: saved(numbered(table, "", 1), quote=csv_format.QUOTE_NONNUMERIC).encode(),
        ("row numbers that a tool added were left out: column ''",),
    ),
    "R's row names without a name": (
        lambda table: saved([table[0], *numbered(table, "", 1)[1:]]).encode(),
        ("row numbers that a tool added were left out: column ''",),
    ),
    "R's column names": (
        lambda table: saved([[name.replace("-", ".") for name in table[0]], *table[1:]]).encode(),
        (
            "columns that a tool renamed were read under the data set's names: column 'glyburide.metformin', "
            "column 'glipizide.metformin', column 'glimepiride.pioglitazone', column 'metformin.rosiglitazone', "
            "column 'metformin.pioglitazone'",
        ),
    ),
}


@pytest.mark.parametrize("tool", READ_AS_THEY_ARE)
def test_the_same_rows_are_read_and_the_way_is_said(table: Table, tmp_path: Path, tool: str) -> None:
    saves, remarks = READ_AS_THEY_ARE[tool]
    found = checked(tmp_path, saves(table))
    assert (found.rows, found.remarks) == (1_000, remarks)
    assert [list(row) for row in read(tmp_path).rows()] == table[1:]


@pytest.mark.parametrize("word", ["", "NA", "NaN", "NULL", r"\N", "<NA>"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_emptied_cells_with_one_reading_are_filled(table: Table, tmp_path: Path, word: str, separator: str) -> None:
    columns = ("race", "weight", *LABS)
    found = checked(tmp_path, saved(replaced(table, {"?": word, "None": word}, *columns), separator).encode())
    assert [list(row) for row in read(tmp_path).rows()] == table[1:]
    missing = {name: sum(row[n] == "?" for row in table) for n, name in enumerate(table[0]) if name in columns}
    none = {name: sum(row[n] == "None" for row in table) for n, name in enumerate(table[0])}
    said = ", ".join(f"{name} {count}" for name, count in missing.items() if count)
    assert f"emptied cells were read as ?: {said}" in found.remarks
    assert f"emptied cells were read as None: {', '.join(f'{name} {none[name]}' for name in LABS)}" in found.remarks


def test_empty_cells_of_the_open_columns_are_missing(table: Table, tmp_path: Path) -> None:
    columns = ("payer_code", "medical_specialty", "diag_3")
    found = checked(tmp_path, saved(replaced(table, {"?": ""}, *columns)).encode())
    missing = {name: sum(row[table[0].index(name)] == "?" for row in table) for name in columns}
    assert {name: found.counts[name].missing for name in columns} == missing
    assert set(found.remarks) == {
        f"{name}: cells read as missing: {count:,} ('' {count:,})" for name, count in missing.items() if count
    }


def test_none_beside_emptied_cells_has_two_readings(table: Table, tmp_path: Path) -> None:
    place = table[0].index("A1Cresult")
    rows = [list(row) for row in table]
    lines = [line for line, row in enumerate(rows, start=1) if row[place] == "None"][5:30]
    for line in lines:
        rows[line - 1][place] = ""
    with pytest.raises(InvalidFileError) as refused:
        checked(tmp_path, saved(rows).encode())
    said = str(refused.value).splitlines()
    assert said[0].startswith("again.csv has 25 problems; nothing was loaded. Most are cells that a tool emptied")
    assert said[1:3] == ["by column: A1Cresult 25", "the first 20 of 25:"]
    assert said[3].startswith(f"  line {lines[0]}, column A1Cresult: '' is not allowed; allowed: one reading: ")


def test_problems_are_counted_by_column_before_any_is_listed(table: Table, tmp_path: Path) -> None:
    emptied = replaced(table, {"No": "", "Yes": ""}, "insulin", "change", "diabetesMed")
    counts = {name: sum(row[n] == "" for row in emptied) for n, name in enumerate(table[0])}
    with pytest.raises(InvalidFileError) as refused:
        checked(tmp_path, saved(emptied).encode())
    first, by_column, listed, *problems = str(refused.value).splitlines()
    total = counts["insulin"] + counts["change"] + counts["diabetesMed"]
    assert total > 1_000
    assert first == (
        f"again.csv has {total:,} problems; nothing was loaded. Most are cells that a tool emptied when it saved the "
        "file: save it again with every value written (pandas: read_csv(..., keep_default_na=False); "
        "R: na.strings = character(0)), or take the original"
    )
    for name in ("insulin", "change", "diabetesMed"):
        assert f"{name} {counts[name]:,}" in by_column
    assert listed == f"the first 20 of {total:,}:"
    assert len(problems) == 20


def broken_header(table: Table) -> bytes:
    return saved(table[1:]).encode()


REFUSED: dict[str, tuple[Saves | bytes, str]] = {
    "no column names": (broken_header, "has no line of column names: its first line must be encounter_id, patient"),
    "no rows": (lambda table: saved(table[:1]).encode(), "has column names and no encounter"),
    "UTF-16 cut short": (lambda table: saved(table).encode("utf-16")[:-1], "is broken UTF-16 text"),
    "UTF-16 without a mark": (lambda table: saved(table).encode("utf-16-le"), "is binary data, not text"),
    "Latin-1": (
        lambda table: saved(replaced(table, {"Cardiology": "Cardiología"})).encode("latin-1"),
        "is not UTF-8 text at line ",
    ),
    "a web page": (b"\n <html><body>Log in</body></html>", "is a web page, not a CSV"),
    "XML": (b"<?xml version='1.0'?><rows/>", "is an XML file: write the table as CSV"),
    "JSON rows": (b'[\n  {"encounter_id": 1}\n]', "is JSON, not a CSV"),
    "JSON lines": (b'{"encounter_id": 1}\n', "is JSON, not a CSV"),
    "an address": (b"https://example.org/data.zip\n", "is only a web address: give that address as the source"),
    "a link": (b"[InternetShortcut]\r\nURL=https://example.org\r\n", "is only a link to a web address"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
    "Parquet": (b"PAR1\x15\x04", "is a Parquet file: write the table as CSV with the tool that made it"),
    "Arrow": (b"ARROW1\x00\x00", "is an Arrow file"),
    "7z": (b"7z\xbc\xaf\x27\x1c\x00\x04", "is a 7z archive: unpack it and give the CSV"),
    "RAR": (b"Rar!\x1a\x07\x01\x00", "is a RAR archive: unpack it and give the CSV"),
    "tar": (b"diabetic_data.csv".ljust(257, b"\x00") + b"ustar\x0000", "is a tar archive: unpack it and give the CSV"),
    "xz": (b"\xfd7zXZ\x00", "is an xz file"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel workbook (xls): open it in Excel and save it as"),
    "Excel": (zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "is an Excel workbook: open it in Excel"),
    "OpenDocument": (zipped({"mimetype": b"", "content.xml": b"<x/>"}), "is an OpenDocument file: save the sheet as"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_the_first_line_names_the_cause(settings: Settings, table: Table, tmp_path: Path, kind: str) -> None:
    content, reason = REFUSED[kind]
    given = tmp_path / "again.csv"
    given.write_bytes(content if isinstance(content, bytes) else content(table))
    with pytest.raises((SourceError, InvalidFileError)) as refused:
        get(settings, str(given))
    said = str(refused.value)
    assert said.splitlines()[0].startswith(f"again.csv {reason}")


def test_copies_of_one_file_are_one(settings: Settings, csv: bytes, tmp_path: Path) -> None:
    given = tmp_path / "two.zip"
    given.write_bytes(zipped({"raw/diabetic_data.csv": csv, "processed/diabetic_data.csv": csv}))
    got = get(settings, str(given))
    assert got.content == csv
    assert got.remarks == (
        "2 copies of one file, of which the first was read: raw/diabetic_data.csv, processed/diabetic_data.csv",
    )
    given.write_bytes(zipped({"raw/diabetic_data.csv": csv, "processed/diabetic_data.csv": csv[:-1]}))
    with pytest.raises(SourceError, match=r"^two.zip holds 2 files that could be the data set and differ \(raw/diab"):
        get(settings, str(given))


def test_nothing_in_a_file_reaches_a_terminal_unescaped(settings: Settings, table: Table, tmp_path: Path) -> None:
    escape = "\x1b[2J\u202e"
    bad = tmp_path / f"bad{escape}.csv"
    bad.write_text(saved([[f"age{escape}", *table[0][1:]], *table[1:]]), encoding="utf-8")
    packed = tmp_path / "bad.zip"
    packed.write_bytes(zipped({f"{escape}.png": b"x"}))
    cells = tmp_path / "cells.csv"
    cells.write_text(saved(replaced(table, {"Female": escape}, "gender")), encoding="utf-8")
    quoted = tmp_path / "quoted.csv"
    quoted.write_text(saved([*table[:5], [escape, '"'], *table[5:]]), encoding="utf-8")
    for given in (bad, packed, cells, quoted):
        with pytest.raises((SourceError, InvalidFileError)) as refused:
            get(settings, str(given))
        assert str(refused.value).replace("\n", "").isprintable()
        assert ("\\x1b[2J\\u202e" in str(refused.value)) == (given in (bad, packed))  # a cell is not quoted


def test_the_contract_names_the_columns_that_can_hold_emptied_cells() -> None:
    from readmission.dataset.emptied_cells import FILLED

    assert {column.name: column.emptied for column in FILLED} == {
        **dict.fromkeys(("race", "weight"), "?"),
        **dict.fromkeys(LABS, "None"),
    }
    assert set(LABS) < set(COLUMN_NAMES)
