"""How a CSV is laid out, from its first lines: encoding, separator, columns, and what a tool that saved it added."""

import csv
import io
import re
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, TextIO

from readmission.dataset.csv_columns import LEFT_OUT, THE_50, Wanted, check_columns, is_row_numbers, read_as
from readmission.dataset.file_kinds import START_BYTES, UTF16_MARKS, other_kind
from readmission.errors import InvalidFileError
from readmission.features import BY_NAME, COLUMN_NAMES

# Far above the data set's own (a header of 800 characters): what is longer is no line of encounters.
LONGEST_LINE = 1 << 16
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "|"}
_EXCEL_SEPARATOR = re.compile(r'"?sep=.?"?\n?')
_KNOWN = {*COLUMN_NAMES, *BY_NAME}


@dataclass(frozen=True)
class Layout:
    """The columns in the file's order by the names that are wanted (`LEFT_OUT`: not read), and how its lines are read.

    `first_line` is the number of the first row's line; `remarks` are what a person should know.
    """

    columns: tuple[str, ...]
    separator: str
    first_line: int
    remarks: tuple[str, ...]


class Header(NamedTuple):
    """The names that a file gives its columns (row numbers without one: `LEFT_OUT`), and its first row's cells."""

    given: list[str]
    separator: str
    row: list[str]
    first_line: int


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


def read_layout(text: TextIO, name: str, wanted: Wanted = THE_50) -> Layout:
    """The layout; the text then stands at the first row.

    Raises:
        InvalidFileError: the columns are not those that are wanted, or there is no row; says what to do.
    """
    given, separator, row, first_line = read_header(text, name)
    columns = tuple(read_as(column, wanted) for column in given)
    check_columns(columns, given, name, wanted)
    if not row:
        raise InvalidFileError(f"{name} has column names and no encounter")
    return Layout(columns, separator, first_line, tuple(_remarks(given, columns, separator, text.encoding, wanted)))


def read_header(text: TextIO, name: str) -> Header:
    """The names of the columns and the first row, before which the text then stands.

    Raises:
        InvalidFileError: the first line is empty, too long or no text.
    """
    number, header = 1, _read_line(text, 1, name)
    if _EXCEL_SEPARATOR.fullmatch(header):
        number, header = 2, _read_line(text, 2, name)
    if not header.strip():
        raise InvalidFileError(f"{name} is empty or begins with an empty line: its first line names the columns")
    separator = max(_SEPARATORS, key=lambda one: len(_KNOWN & set(_split(header, one))))
    given = _split(header, separator)
    row = _first_row(text, number + 1, name, separator)
    if len(row) == len(given) + 1 and row[0].isdigit() and row[-1]:
        given = [LEFT_OUT, *given]
    return Header(given, separator, row, number + 1)


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


def _remarks(given: list[str], columns: tuple[str, ...], separator: str, encoding: str, wanted: Wanted) -> list[str]:
    said = []
    if encoding == "utf-16":
        said.append("the file is UTF-16 text and was read so")
    if separator != ",":
        said.append(f"cells are separated by {_SEPARATORS[separator]} and were read so")
    left_out = [column for column, read in zip(given, columns, strict=True) if read == LEFT_OUT]
    numbers = [column for column in left_out if is_row_numbers(column)]
    unknown = [column for column in left_out if column not in numbers]
    if unknown:
        said.append(f"columns that are none of {wanted.called} were not read: {_named(unknown)}")
    if numbers:
        said.append(f"row numbers that a tool added were left out: {_named(numbers)}")
    renamed = [column for column, read in zip(given, columns, strict=True) if read not in (column, LEFT_OUT)]
    if renamed:
        said.append(f"columns that a tool renamed were read under the data set's names: {_named(renamed)}")
    return said


def _named(columns: list[str]) -> str:
    return ", ".join(f"column {column!r}" for column in columns)
