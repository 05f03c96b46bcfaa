"""What a CSV's texts without a closed list were read as: counted by column, the odd spellings told."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache

import polars as pl

from readmission.features import MISSING_MARK, PREPARED_FIELDS, TEXT_LENGTH, Field, FieldError, essence

SHOWN_SPELLINGS = 5
# Distinct texts whose reading is kept: the published file has fewer than a thousand a column.
KEPT_READINGS = 20_000


@dataclass
class _Spellings:
    """Cells that one reading was given to under another spelling, by what counts of it; each with its first one."""

    cells: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, text: str, count: int) -> None:
        self.cells[essence(text)] += count
        self.first.setdefault(essence(text), text)

    def __str__(self) -> str:
        most = self.cells.most_common(SHOWN_SPELLINGS)
        more = ["..."] if len(self.cells) > len(most) else []
        return ", ".join([*(f"{self.first[key]!r} {count:,}" for key, count in most), *more])


@dataclass
class ColumnTexts:
    """What was read of one column so far. Its memory is that of the contract's words, not of the file's."""

    column: Field
    missing: int = 0
    other: int = 0
    blanks: _Spellings = field(default_factory=_Spellings)
    respelled: _Spellings = field(default_factory=_Spellings)

    @property
    def name(self) -> str:
        """The column's name in the CSV."""
        return str(self.column.source)

    def add(self, texts: pl.Series) -> None:
        """Counts a block's cells; those that the contract refuses count as nothing."""
        for text, count in texts.value_counts(sort=True).iter_rows():
            self._add(text, read(self.name, text), count)

    def _add(self, text: str, value: str | None, count: int) -> None:
        if value == self.column.missing:
            self.missing += count
            if text != MISSING_MARK:
                self.blanks.add(text, count)
        elif self.column.other is not None and value is not None:
            if value == self.column.other:
                self.other += count
            elif value != text:
                self.respelled.add(text, count)

    def remarks(self) -> Iterable[str]:
        """A line for each way in which the file spells what the contract spells otherwise."""
        if cells := self.blanks.cells.total():
            yield f"{self.name}: cells read as missing: {cells:,} ({self.blanks})"
        if cells := self.respelled.cells.total():
            yield f"{self.name}: cells matched to a known spelling: {cells:,} ({self.respelled})"


@cache
def open_columns() -> dict[str, Field]:
    """The fields that are read from a text column without a closed list, by column."""
    return {str(field.source): field for field in PREPARED_FIELDS if field.reads_spellings}


def read(column: str, text: str) -> str | None:
    """The category that a cell of such a column stands for, or None where the contract refuses it."""
    # Long texts are refused without being kept: a damaged file may be full of them.
    return None if len(text) > TEXT_LENGTH else _read(column, text)


@lru_cache(KEPT_READINGS)
def _read(column: str, text: str) -> str | None:
    try:
        return str(open_columns()[column].from_source(text))
    except FieldError:
        return None


def accepts(column: str) -> pl.Expr:
    """Whether the contract takes the cell, reading each distinct text of a block once."""

    def taken(texts: pl.Series) -> pl.Series:
        known = {text: read(column, text) is not None for text in texts.unique()}
        return texts.replace_strict(known, return_dtype=pl.Boolean).cast(pl.Boolean)

    return pl.col(column).map_batches(taken, return_dtype=pl.Boolean)
