"""Reads an encounters' CSV block by block, all as text, so that memory does not grow with the file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from readmission.dataset.csv_columns import LEFT_OUT, THE_50, Wanted
from readmission.dataset.csv_layout import (
    LONGEST_LINE,
    Layout,
    as_text,
    check_text,
    read_layout,
    too_long,
)
from readmission.dataset.csv_problems import MOST_BROKEN_LINES, Problem
from readmission.dataset.emptied_cells import filled
from readmission.errors import InvalidFileError

BLOCK_CHARACTERS = 1 << 20
_OVERFLOW = "more cells than columns"


@dataclass(frozen=True)
class Block:
    """Some rows: the wanted columns that the file has, as text in the contract's order, and each row's line.

    `emptied` has a column of booleans for each that can hold emptied cells: where one was filled. `broken` are the
    lines that are no rows.
    """

    frame: pl.DataFrame
    emptied: pl.DataFrame
    lines: NDArray[np.int64]
    layout: Layout
    broken: tuple[Problem, ...] = ()


def layout_of(path: Path, name: str) -> Layout:
    """How the file is laid out; `name` is what messages call it.

    Raises:
        InvalidFileError: it is no text, has other columns than the data set's 50, or no row.
    """
    with path.open("rb") as file, as_text(file, name) as text:
        return read_layout(text, name)


def read_blocks(path: Path, name: str | None = None, wanted: Wanted = THE_50) -> Iterator[Block]:
    """The rows of the file, emptied cells filled; a trailing empty line is no row.

    Raises:
        InvalidFileError: as `layout_of`, or a line is not UTF-8 text, or is far too long.
    """
    name = name or path.name
    with path.open("rb") as file, as_text(file, name) as text:
        layout = read_layout(text, name, wanted)
        line = layout.first_line
        while rows := _next_rows(text, line, name):
            yield _parse(rows, layout, line, wanted)
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


def _parse(rows: str, layout: Layout, first_line: int, wanted: Wanted) -> Block:
    count, separators = rows.count("\n"), len(layout.columns) - 1
    plain = '"' not in rows and rows.count(layout.separator) == count * separators
    block = _parse_plain(rows, layout, first_line, wanted) if plain else None
    return block or _parse_lines(rows, layout, first_line, wanted)


def _parse_plain(rows: str, layout: Layout, first_line: int, wanted: Wanted) -> Block | None:
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
    return Block(*_chosen(frame, wanted), lines, layout)


def _parse_lines(rows: str, layout: Layout, first_line: int, wanted: Wanted) -> Block:
    """The exact way, for quoted cells and broken lines: one line is one row, and a wrong one is named."""
    whole: list[list[str]] = []
    lines: list[int] = []
    broken: list[Problem] = []
    width = len(layout.columns)
    for line, text in enumerate(rows.split("\n")[:-1], start=first_line):
        cells = _cells(text, layout.separator)
        if cells is not None and len(cells) == width:
            whole.append(cells)
            lines.append(line)
            continue
        broken.append(_broken(line, text, cells, width))
        if len(broken) > MOST_BROKEN_LINES:
            break
    frame = pl.DataFrame(whole, schema=dict.fromkeys(_unlike(layout), pl.String), orient="row")
    return Block(*_chosen(frame, wanted), np.array(lines, dtype=np.int64), layout, tuple(broken))


def _chosen(frame: pl.DataFrame, wanted: Wanted) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The wanted columns that there are, and where emptied cells among them were filled."""
    chosen = frame.select(name for name in wanted.names if name in frame.columns)
    return filled(chosen) if wanted.filled else (chosen, pl.DataFrame())


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
