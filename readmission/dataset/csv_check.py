"""Checks a whole CSV against the contract before any of it is sent to a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from readmission.dataset.csv_problems import SHOWN, Problem, Problems
from readmission.dataset.csv_reader import Block, read_blocks
from readmission.dataset.csv_texts import ColumnTexts, accepts, open_columns
from readmission.dataset.emptied_cells import EmptiedCells
from readmission.errors import InvalidFileError
from readmission.features import MISSING_MARK, OPEN_ALLOWED, SOURCE_COLUMNS, SYNTHETIC_FIRST_ID, SourceColumn, icd9
from readmission.features.source_columns import EMPTIED

Dataset = Literal["real", "synthetic"]
UNIQUE = "each encounter_id once in the file"


@dataclass(frozen=True)
class ColumnCounts:
    """How many cells of a text column without a closed list became missing, and how many `other`."""

    missing: int = 0
    other: int = 0


@dataclass(frozen=True)
class CheckedFile:
    """A file that keeps the contract: its encounters, whether they are real, and what a person should know of it.

    `remarks` are lines for the load's record and the log; `counts` are by column, of the columns without a closed list.
    """

    rows: int
    dataset: Dataset
    remarks: tuple[str, ...] = ()
    counts: Mapping[str, ColumnCounts] = field(default_factory=dict)


@dataclass
class _Seen:
    """What the check of a whole file must remember: 16 bytes a row."""

    problems: Problems = field(default_factory=Problems)
    texts: list[ColumnTexts] = field(
        default_factory=lambda: [ColumnTexts(column) for column in open_columns().values()]
    )
    identifiers: list[NDArray[np.int64]] = field(default_factory=list)
    lines: list[NDArray[np.int64]] = field(default_factory=list)
    emptied: EmptiedCells = field(default_factory=EmptiedCells)


def check_file(path: Path, name: str | None = None) -> CheckedFile:
    """Reads the file to its end; `name` is what messages call it.

    Raises:
        InvalidFileError: it breaks the contract; says how many cells of each column, and names the first of them.
    """
    seen, name = _Seen(), name or path.name
    remarks: tuple[str, ...] = ()
    for block in read_blocks(path, name):
        remarks = block.layout.remarks
        _check_block(block, seen)
        seen.problems.check_lines(name)
    if seen.lines:
        _check_whole(np.concatenate(seen.identifiers), np.concatenate(seen.lines), seen)
    seen.problems.check(name)
    if not seen.lines:
        raise InvalidFileError(f"{name} has column names and no encounter")
    dataset: Dataset = "synthetic" if seen.identifiers[0][0] >= SYNTHETIC_FIRST_ID else "real"
    said = (*seen.emptied.remarks(), *(remark for texts in seen.texts for remark in texts.remarks()))
    counts = {texts.name: ColumnCounts(texts.missing, texts.other) for texts in seen.texts}
    return CheckedFile(sum(map(len, seen.lines)), dataset, (*remarks, *said), counts)


def _check_whole(identifiers: NDArray[np.int64], lines: NDArray[np.int64], seen: _Seen) -> None:
    _check_unique(identifiers, lines, seen.problems)
    _check_unmixed(identifiers, lines, seen.problems)
    seen.emptied.check(seen.problems)


def _check_block(block: Block, seen: _Seen) -> None:
    seen.problems.add(block.broken, "", len(block.broken))
    if not block.frame.height:
        return
    refused = block.frame.select(_refusals().values()).sum().row(0)
    for column, count in zip(_refusals(), refused, strict=True):
        if count:
            seen.problems.add(_examples(block, column), column.name, count, _empty(block, column))
    for texts in seen.texts:
        texts.add(block.frame[texts.name])
    identifiers = block.frame["encounter_id"].cast(pl.Int64, strict=False)
    seen.identifiers.append(identifiers.fill_null(0).to_numpy())
    seen.lines.append(block.lines)
    seen.emptied.add(block.frame, block.emptied, block.lines)


def _empty(block: Block, column: SourceColumn) -> int:
    empty = _refusals()[column] & pl.col(column.name).str.strip_chars().is_in(EMPTIED)
    return int(block.frame.select(empty.sum()).item())


def _examples(block: Block, column: SourceColumn) -> list[Problem]:
    places = block.frame.select(_refusals()[column].arg_true()).to_series()[:SHOWN]
    values = block.frame[column.name].gather(places)
    lines = block.lines[places.to_numpy()]
    return [Problem(int(n), column.name, text, _allowed(column, text)) for n, text in zip(lines, values, strict=True)]


def _check_unique(identifiers: NDArray[np.int64], lines: NDArray[np.int64], problems: Problems) -> None:
    order = np.argsort(identifiers, kind="stable")
    ordered = identifiers[order]
    again = np.flatnonzero((ordered[1:] == ordered[:-1]) & (ordered[1:] > 0)) + 1
    repeated = np.sort(order[again])
    examples = (Problem(int(lines[i]), "encounter_id", str(identifiers[i]), UNIQUE) for i in repeated[:SHOWN])
    problems.add(examples, "encounter_id", len(repeated))


def _check_unmixed(identifiers: NDArray[np.int64], lines: NDArray[np.int64], problems: Problems) -> None:
    known = identifiers > 0
    synthetic = identifiers >= SYNTHETIC_FIRST_ID
    if not (synthetic & known).any() or not (~synthetic & known).any():
        return
    place = int(np.flatnonzero(known & (synthetic != synthetic[known][0]))[0])
    allowed = f"only real encounters, or only synthetic ones (from {SYNTHETIC_FIRST_ID})"
    problems.add([Problem(int(lines[place]), "encounter_id", str(identifiers[place]), allowed)], "encounter_id", 1)


@cache
def _refusals() -> dict[SourceColumn, pl.Expr]:
    """Of each column, the expression that is true where the contract refuses the cell."""
    return {column: ~_accepts(column) for column in SOURCE_COLUMNS}


def _accepts(column: SourceColumn) -> pl.Expr:
    cell = pl.col(column.name)
    if column.kind != "text":
        number = cell.cast(pl.Int64, strict=False)
        return cell.str.contains("^[0-9]+$") & _in_range(column, number).fill_null(False)
    if column.categories:
        return cell.is_in(column.categories)
    return accepts(column.name)


def _in_range(column: SourceColumn, number: pl.Expr) -> pl.Expr:
    known = [int(code) for code in column.codes]
    return number.is_between(column.minimum, column.maximum) & (number.is_in(known) if known else True)


def _allowed(column: SourceColumn, text: str) -> str:
    read_as = open_columns().get(column.name)
    if read_as is None:
        return column.allowed
    if read_as.kind != "icd9":
        return f"{OPEN_ALLOWED}, or {MISSING_MARK}"
    hint = f" (it {icd9.LOOKS_LIKE_ICD10})" if icd9.looks_like_icd10(text) else ""
    return f"{read_as.allowed}, or {MISSING_MARK}{hint}"
