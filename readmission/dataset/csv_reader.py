"""Reads an encounters' CSV block by block, all as text, so that memory does not grow with the file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from readmission.dataset.csv_layout import (
    LEFT_OUT,
    LONGEST_LINE,
    Layout,
    as_text,
    check_text,
    read_layout,
    too_long,
)
from readmission.dataset.csv_problems import MOST_BROKEN_LINES, SHOWN, Problem
from readmission.dataset.emptied_cells import filled
from readmission.errors import InvalidFileError
from readmission.features import COLUMN_NAMES

BLOCK_CHARACTERS = 1 << 20
_OVERFLOW = "more cells than columns"


@dataclass(frozen=True)
class Block:
    """Some rows: the 50 columns as text in the contract's order, and each row's line in the file.

    `emptied` has a column of booleans for each that can hold emptied cells: where one was filled. `broken` are the
    first lines that are no rows, of `broken_lines` in all.
    """

    frame: pl.DataFrame
    emptied: pl.DataFrame
    lines: NDArray[np.int64]
    layout: Layout
    broken: tuple[Problem, ...] = ()
    broken_lines: int = 0


def layout_of(path: Path, name: str) -> Layout:
    """How the file is laid out; `name` is what messages call it.

    Raises:
        InvalidFileError: it is no text, has other columns than the data set's 50, or no row.
    """
    with path.open("rb") as file, as_text(file, name) as text:
        return read_layout(text, name)


def read_blocks(path: Path, name: str | None = None) -> Iterator[Block]:
    """The rows of the file, emptied cells filled; a trailing empty line is no row.

    Raises:
        InvalidFileError: as `layout_of`, or a line is not UTF-8 text, or is far too long.
    """
    name = name or path.name
    with path.open("rb") as file, as_text(file, name) as text:
        layout = read_layout(text, name)
        line = layout.first_line
        while rows := _next_rows(text, line, name):
            yield _parse(rows, layout, line)
            line += rows.count("\n")


def _next_rows(text: TextIO, line: int, name: str) -> str:
    try:
        rows = text.read(BLOCK_CHARACTERS)
        whole = len(rows) < BLOCK_CHARACTERS or rows.endswith("\n")
        rest = "" if whole else text.readline(LONGEST_LINE)
    except UnicodeDecodeError as error:
        raise InvalidFileError(f"{name} is broken UTF-16 text after line {line}; save it as UTF-8") from error
    check_text(rows + rest, line, name)
    if len(rest) == LONGEST_LINE:
        raise too_long(line + rows.count("\n"), name)
    if len(rows) < BLOCK_CHARACTERS:
        rows = rows.rstrip("\n")
    return rows + rest + "\n" if rows and not (rows + rest).endswith("\n") else rows + rest


def _parse(rows: str, layout: Layout, first_line: int) -> Block:
    count, separators = rows.count("\n"), len(layout.columns) - 1
    plain = '"' not in rows and rows.count(layout.separator) == count * separators
    return (_parse_plain(rows, layout, first_line) if plain else None) or _parse_lines(rows, layout, first_line)


def _parse_plain(rows: str, layout: Layout, first_line: int) -> Block | None:
    schema = dict.fromkeys([*_unlike(layout), _OVERFLOW], pl.String)
    frame = pl.read_csv(
        rows.encode(),
        has_header=False,
        schema=schema,
        separator=layout.separator,
        quote_char=None,
        empty_string_is_null=False,
        extra_columns="ignore",
        missing_columns="insert",
    )
    last = frame.columns[-2]
    ragged = frame.select(((pl.col(_OVERFLOW) != "") | (pl.col(last) == "")).any()).item()
    if ragged:
        return None
    lines = np.arange(first_line, first_line + frame.height, dtype=np.int64)
    return Block(*filled(frame.select(COLUMN_NAMES)), lines, layout)


def _parse_lines(rows: str, layout: Layout, first_line: int) -> Block:
    """The exact way, for quoted cells and broken lines: one line is one row, and a wrong one is named."""
    whole: list[list[str]] = []
    lines: list[int] = []
    broken: list[Problem] = []
    width, broken_lines = len(layout.columns), 0
    for line, text in enumerate(rows.split("\n")[:-1], start=first_line):
        cells = _cells(text, layout.separator)
        if cells is not None and len(cells) == width:
            whole.append(cells)
            lines.append(line)
            continue
        broken_lines += 1
        if len(broken) < SHOWN:
            broken.append(_broken(line, text, cells, width))
        if broken_lines > MOST_BROKEN_LINES:
            break
    frame = pl.DataFrame(whole, schema=dict.fromkeys(_unlike(layout), pl.String), orient="row")
    whole_lines = np.array(lines, dtype=np.int64)
    return Block(*filled(frame.select(COLUMN_NAMES)), whole_lines, layout, tuple(broken), broken_lines)


def _unlike(layout: Layout) -> list[str]:
    """The columns under names that differ, also where several are left out."""
    return [f"left out {place}" if name == LEFT_OUT else name for place, name in enumerate(layout.columns)]


def _cells(text: str, separator: str) -> list[str] | None:
    if len(text) > LONGEST_LINE:
        return None
    if '"' not in text:
        return text.split(separator) if text else []
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return None


def _broken(line: int, text: str, cells: list[str] | None, width: int) -> Problem:
    if len(text) > LONGEST_LINE:
        return Problem(line, "", text, f"at most {LONGEST_LINE:,} characters a line")
    if cells is None:
        return Problem(line, "", text, "quotes that close on the same line")
    return Problem(line, "", text, f"{width} cells (this line has {len(cells)})")
