"""Reads an encounters' CSV block by block, all as text, so that memory does not grow with the file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from readmission.dataset.csv_problems import Problem
from readmission.errors import InvalidFileError
from readmission.features import COLUMN_NAMES

BLOCK_BYTES = 1 << 20
LONGEST_LINE = 1 << 20
WIDTH = len(COLUMN_NAMES)
UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OVERFLOW = "more cells than columns"


@dataclass(frozen=True)
class Block:
    """Some rows: the 50 columns as text in the contract's order, each row's line in the file, and broken lines."""

    frame: pl.DataFrame
    lines: NDArray[np.int64]
    broken: list[Problem]


def read_header(path: Path) -> list[str]:
    """The file's column names, in the file's order.

    Raises:
        InvalidFileError: the file is empty, is not UTF-8 text, or has other columns than the data set's 50.
    """
    with path.open("rb") as file:
        return _header(file, path.name)


def read_blocks(path: Path) -> Iterator[Block]:
    """The rows of the file; a trailing empty line is no row.

    Raises:
        InvalidFileError: as `read_header`, or a line is not UTF-8 text.
    """
    with path.open("rb") as file:
        header = _header(file, path.name)
        first_line = 2
        while data := _next_block(file):
            _check_utf8(data, first_line, path.name)
            block = _parse(data, header, first_line)
            yield block
            first_line += data.count(b"\n")


def _header(file: BinaryIO, name: str) -> list[str]:
    line = file.readline(LONGEST_LINE).removeprefix(UTF8_MARK)
    if line.startswith(UTF16_MARKS):
        raise InvalidFileError(f"{name} is UTF-16 text; save it as UTF-8")
    if not line.strip():
        raise InvalidFileError(f"{name} is empty: it needs a line with the 50 column names, then a line an encounter")
    if line.lstrip().startswith(b"<"):
        raise InvalidFileError(f"{name} is a web page, not a CSV: the address it came from answers with HTML")
    _check_utf8(line, 1, name)
    header = next(csv.reader([line.decode().rstrip("\r\n")]))
    _check_columns(header, name)
    return header


def _check_columns(header: list[str], name: str) -> None:
    missing = [column for column in COLUMN_NAMES if column not in header]
    unexpected = [column for column in header if column not in COLUMN_NAMES]
    repeated = sorted({column for column in header if header.count(column) > 1 and column in COLUMN_NAMES})
    wrong = (("missing", missing), ("unexpected", unexpected), ("repeated", repeated))
    said = [f"{what}: {', '.join(columns[:WIDTH])[:2000]}" for what, columns in wrong if columns]
    if said:
        raise InvalidFileError(f"{name} does not have the data set's {WIDTH} columns; {'; '.join(said)}")


def _next_block(file: BinaryIO) -> bytes:
    data = file.read(BLOCK_BYTES)
    if data and not data.endswith(b"\n"):
        data += file.readline(LONGEST_LINE)
    if len(data) < BLOCK_BYTES:
        data = data.rstrip(b"\r\n")
    return data + b"\n" if data and not data.endswith(b"\n") else data


def _check_utf8(data: bytes, first_line: int, name: str) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + data[: error.start].count(b"\n")
        raise InvalidFileError(f"{name} is not UTF-8 text at line {line}; save it as UTF-8") from error


def _parse(data: bytes, header: list[str], first_line: int) -> Block:
    count = data.count(b"\n")
    plain = b'"' not in data and data.count(b",") == count * (WIDTH - 1)
    return (_parse_plain(data, header, first_line) if plain else None) or _parse_lines(data, header, first_line)


def _parse_plain(data: bytes, header: list[str], first_line: int) -> Block | None:
    schema = dict.fromkeys([*header, _OVERFLOW], pl.String)
    frame = pl.read_csv(
        data,
        has_header=False,
        schema=schema,
        quote_char=None,
        empty_string_is_null=False,
        extra_columns="ignore",
        missing_columns="insert",
    )
    ragged = frame.select(((pl.col(_OVERFLOW) != "") | (pl.col(header[-1]) == "")).any()).item()
    if ragged:
        return None
    lines = np.arange(first_line, first_line + frame.height, dtype=np.int64)
    return Block(frame.select(COLUMN_NAMES), lines, [])


def _parse_lines(data: bytes, header: list[str], first_line: int) -> Block:
    """The exact way, for quoted cells and broken lines: one line is one row, and a wrong one is named."""
    rows: list[list[str]] = []
    lines: list[int] = []
    broken: list[Problem] = []
    for line, text in enumerate(data.decode("utf-8").split("\n")[:-1], start=first_line):
        cells = _cells(text.rstrip("\r"))
        if cells is not None and len(cells) == WIDTH:
            rows.append(cells)
            lines.append(line)
        else:
            broken.append(_broken(line, text, cells))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    return Block(frame.select(COLUMN_NAMES), np.array(lines, dtype=np.int64), broken)


def _cells(text: str) -> list[str] | None:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        return None


def _broken(line: int, text: str, cells: list[str] | None) -> Problem:
    if cells is None:
        return Problem(line, "", text, "quotes that close on the same line")
    return Problem(line, "", text, f"{WIDTH} cells (this line has {len(cells)})")
