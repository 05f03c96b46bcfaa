"""How a CSV is laid out, from its first lines: encoding, separator, columns, and what a tool that saved it added."""

import csv
import io
import re
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from readmission.dataset.file_kinds import START_BYTES, UTF16_MARKS, other_kind
from readmission.errors import InvalidFileError
from readmission.features import COLUMN_NAMES

# Far above the data set's own (a header of 800 characters): what is longer is no line of encounters.
LONGEST_LINE = 1 << 16
WIDTH = len(COLUMN_NAMES)
LEFT_OUT = ""
_SHOWN = 2_000
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "|"}
_EXCEL_SEPARATOR = re.compile(r'"?sep=.?"?\n?')
# Row numbers: of pandas ("Unnamed: 0", "index", "level_0") and of R ("", and "X" after it was read again).
_ROW_NUMBERS = re.compile(r"|Unnamed: \d+(\.\d+)*|index|level_0|X(\.\d+)?")
# R and SQL take no "-" in a name.
_RENAMED = {name.replace("-", mark): name for name in COLUMN_NAMES for mark in "._ " if "-" in name}


@dataclass(frozen=True)
class Layout:
    """The columns in the file's order by the contract's names (`LEFT_OUT`: not read), and how its lines are read.

    `first_line` is the number of the first row's line; `remarks` are what a person should know.
    """

    columns: tuple[str, ...]
    separator: str
    first_line: int
    remarks: tuple[str, ...]


def as_text(file: BinaryIO, name: str) -> TextIO:
    """The file as text, whatever its line ends; bytes that are no UTF-8 become lone surrogates.

    Raises:
        InvalidFileError: it is something else than text; says what, and what to do.
    """
    start = file.read(START_BYTES)
    file.seek(0)
    kind = other_kind(start)
    if kind is not None:
        raise InvalidFileError(f"{name} is {kind}")
    encoding = "utf-16" if start.startswith(UTF16_MARKS) else "utf-8-sig"
    return io.TextIOWrapper(file, encoding, errors="surrogateescape", newline=None)


def read_layout(text: TextIO, name: str) -> Layout:
    """The layout; the text then stands at the first row.

    Raises:
        InvalidFileError: the columns are not the data set's 50, or there is no row; says what to do.
    """
    number, header = 1, _read_line(text, 1, name)
    if _EXCEL_SEPARATOR.fullmatch(header):
        number, header = 2, _read_line(text, 2, name)
    if not header.strip():
        raise InvalidFileError(f"{name} is empty or begins with an empty line: its first line names the 50 columns")
    separator = max(_SEPARATORS, key=lambda one: len(set(COLUMN_NAMES) & set(_split(header, one))))
    given = _split(header, separator)
    row = _first_row(text, number + 1, name, separator)
    if len(row) == len(given) + 1 and row[0].isdigit() and row[-1]:
        given = [LEFT_OUT, *given]
    columns = tuple(_read_as(column) for column in given)
    _check_columns(columns, given, name)
    if not row:
        raise InvalidFileError(f"{name} has column names and no encounter")
    return Layout(columns, separator, number + 1, tuple(_remarks(given, columns, separator, text.encoding)))


def check_text(text: str, first_line: int, name: str) -> None:
    """Raises InvalidFileError where text came from bytes that are not UTF-8; names the line."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = first_line + text.count("\n", 0, error.start)
        raise InvalidFileError(f"{name} is not UTF-8 text at line {line}; save it as UTF-8") from error


def _read_line(text: TextIO, number: int, name: str) -> str:
    try:
        line = text.readline(LONGEST_LINE)
    except UnicodeDecodeError as error:
        raise InvalidFileError(f"{name} is broken UTF-16 text; save it as UTF-8") from error
    if len(line) == LONGEST_LINE:
        raise too_long(number, name)
    check_text(line, number, name)
    return line


def too_long(number: int, name: str) -> InvalidFileError:
    """What is said of a line that is too long to be an encounter."""
    return InvalidFileError(
        f"{name} is no table of encounters: line {number} is longer than {LONGEST_LINE:,} characters; a line is one "
        "encounter"
    )


def _first_row(text: TextIO, number: int, name: str, separator: str) -> list[str]:
    """The cells of the first row; the text stands before it again."""
    place = text.tell()
    line = _read_line(text, number, name)
    text.seek(place)
    return _split(line, separator)


def _split(line: str, separator: str) -> list[str]:
    return next(csv.reader([line.rstrip("\n")], delimiter=separator), [])


def _read_as(column: str) -> str:
    """The contract's name for a column of the file; its own where the contract knows none."""
    if column in COLUMN_NAMES:
        return column
    return LEFT_OUT if _ROW_NUMBERS.fullmatch(column) else _RENAMED.get(column, column)


def _check_columns(columns: tuple[str, ...], given: list[str], name: str) -> None:
    known = set(columns) & set(COLUMN_NAMES)
    if not known:
        raise InvalidFileError(
            f"{name} has no line of column names: its first line must be {', '.join(COLUMN_NAMES[:3])}, ... and "
            f"begins with {', '.join(given)[:80]!r}"
        )
    missing = [column for column in COLUMN_NAMES if column not in known]
    unexpected = [column for column in columns if column not in known and column != LEFT_OUT]
    repeated = [column for column in COLUMN_NAMES if columns.count(column) > 1]
    wrong = (("missing", missing), ("unexpected", unexpected), ("repeated", repeated))
    said = [f"{what}: {', '.join(names[:WIDTH])[:_SHOWN]}" for what, names in wrong if names]
    if said:
        raise InvalidFileError(f"{name} does not have the data set's {WIDTH} columns; {'; '.join(said)}")


def _remarks(given: list[str], columns: tuple[str, ...], separator: str, encoding: str) -> list[str]:
    said = []
    if encoding == "utf-16":
        said.append("the file is UTF-16 text and was read so")
    if separator != ",":
        said.append(f"cells are separated by {_SEPARATORS[separator]} and were read so")
    numbers = [column for column, read in zip(given, columns, strict=True) if read == LEFT_OUT]
    if numbers:
        said.append(f"row numbers that a tool added were left out: {_named(numbers)}")
    renamed = [column for column, read in zip(given, columns, strict=True) if read not in (column, LEFT_OUT)]
    if renamed:
        said.append(f"columns that a tool renamed were read under the data set's names: {_named(renamed)}")
    return said


def _named(columns: list[str]) -> str:
    return ", ".join(f"column {column!r}" for column in columns)
