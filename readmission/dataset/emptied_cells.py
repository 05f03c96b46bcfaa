"""The cells that a tool emptied when it saved the file again: filled where the contract leaves them one reading."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import polars as pl
from numpy import int64
from numpy.typing import NDArray

from readmission.dataset.csv_problems import SHOWN, Problem, Problems
from readmission.features import SOURCE_COLUMNS
from readmission.features.source_columns import EMPTIED, NOT_TESTED

FILLED = tuple(column for column in SOURCE_COLUMNS if column.emptied is not None)
_BY_NAME = {column.name: column for column in FILLED}
_BOTH = (
    f"one reading: this file has cells that say {NOT_TESTED} and emptied ones, which may mean another thing; write "
    f"{NOT_TESTED} where no test was made"
)


def filled(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The columns, filled, and where the emptied cells were: a column of booleans for each of `FILLED` among them."""
    emptied = frame.select(_emptied(tuple(frame.columns)))
    if not any(emptied.sum().row(0)):
        return frame, emptied
    return frame.with_columns(_filled(tuple(frame.columns))), emptied


@dataclass
class EmptiedCells:
    """How many cells of a file were filled, by column, and in which columns that was a guess."""

    counts: Counter[str] = field(default_factory=Counter)
    _written: Counter[str] = field(default_factory=Counter)
    _first: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, frame: pl.DataFrame, emptied: pl.DataFrame, lines: NDArray[int64]) -> None:
        """Counts the cells of some rows, as `filled` gave them; `lines` are the rows' lines in the file."""
        for column, count in zip((_BY_NAME[name] for name in emptied.columns), emptied.sum().row(0), strict=True):
            if column.emptied == NOT_TESTED:
                self._written[column.name] += int((frame[column.name] == NOT_TESTED).sum()) - count
                self._first[column.name] += lines[emptied[column.name].arg_true().to_numpy()][:SHOWN].tolist()
            self.counts[column.name] += count

    def check(self, problems: Problems) -> None:
        """Notes the columns in which `None` stands beside emptied cells: there one of them may mean another thing."""
        for name in self._written:
            count = self.counts[name]
            if count and self._written[name]:
                found = (Problem(line, name, "", _BOTH) for line in self._first[name][:SHOWN])
                problems.add(found, name, count, empty=count)

    def remarks(self) -> tuple[str, ...]:
        """A line for each reading, with the columns and how many of their cells were read so."""
        said = []
        for reading in dict.fromkeys(column.emptied for column in FILLED):
            names = [column.name for column in FILLED if column.emptied == reading and self.counts[column.name]]
            if names:
                said.append(f"emptied cells were read as {reading}: {self._counted(names)}")
        return tuple(said)

    def _counted(self, names: Sequence[str]) -> str:
        return ", ".join(f"{name} {self.counts[name]:,}" for name in names)


@cache
def _emptied(names: tuple[str, ...]) -> tuple[pl.Expr, ...]:
    return tuple(pl.col(name).is_in(EMPTIED) for name in names if name in _BY_NAME)


@cache
def _filled(names: tuple[str, ...]) -> tuple[pl.Expr, ...]:
    return tuple(
        pl.when(emptied).then(pl.lit(_BY_NAME[name].emptied)).otherwise(pl.col(name)).alias(name)
        for name, emptied in zip(filter(_BY_NAME.__contains__, names), _emptied(names), strict=True)
    )
