"""What is wrong with a CSV, in words that let a person find and mend it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from readmission.errors import InvalidFileError
from readmission.features import MISSING_MARK
from readmission.features.source_columns import EMPTIED

SHOWN = 20
# A file with so many broken lines is another kind of file, or damaged: reading on would only take time.
MOST_BROKEN_LINES = 100_000
_MOSTLY = 0.5


@dataclass(frozen=True, order=True)
class Problem:
    """One cell or line that the contract refuses; `line` counts the header as line 1."""

    line: int
    column: str
    value: str
    allowed: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {described(self.value)} is not allowed; allowed: {self.allowed}"


def described(value: str) -> str:
    """A cell without what it says, which is a patient's; only a mark that there is no value is shown as it is."""
    if value == MISSING_MARK or value.strip() in EMPTIED:
        return repr(value)
    if value.isdecimal():
        return "a number"
    return "a text of 1 character" if len(value) == 1 else f"a text of {len(value):,} characters"


@dataclass
class Problems:
    """The first problems of a file, how many there are in each column ("": broken lines), and how many are empty."""

    first: list[Problem] = field(default_factory=list)
    by_column: Counter[str] = field(default_factory=Counter)
    empty: int = 0

    @property
    def total(self) -> int:
        """How many there are in all."""
        return self.by_column.total()

    def add(self, found: Iterable[Problem], column: str, total: int, empty: int = 0) -> None:
        """Notes a column's problems: the first of them, how many there are, and how many of those are empty cells."""
        self.by_column[column] += total
        self.empty += empty
        self.first = sorted([*self.first, *found])[:SHOWN]

    def check(self, name: str) -> None:
        """Raises InvalidFileError when anything was noted."""
        if self.total:
            raise InvalidFileError(self.message(name))

    def check_lines(self, name: str) -> None:
        """Raises InvalidFileError when there are so many broken lines that the rest of the file is not read."""
        if self.by_column[""] > MOST_BROKEN_LINES:
            self.check(name)

    def message(self, name: str) -> str:
        """All that a person needs: how many problems and why, how many in each column, and the first of them."""
        plural = "problem" if self.total == 1 else "problems"
        counted = ", ".join(_counted(column, total) for column, total in self.by_column.most_common() if total)
        more = f"the first {len(self.first)} of {self.total:,}" if self.total > len(self.first) else "in full"
        lines = "\n".join(f"  {problem}" for problem in self.first)
        said = f"{name} has {self.total:,} {plural}; nothing was loaded{self._cause()}"
        return f"{said}\nby column: {counted}\n{more}:\n{lines}"

    def _cause(self) -> str:
        if self.by_column[""] > MOST_BROKEN_LINES:
            return f". After {self.by_column['']:,} broken lines the rest was not read: it is another file, or damaged"
        if self.empty > self.total * _MOSTLY:
            return (
                ". Most are cells that a tool emptied when it saved the file: save it again with every value written "
                "(pandas: read_csv(..., keep_default_na=False); R: na.strings = character(0)), or take the original"
            )
        if self.by_column[""] > self.total * _MOSTLY:
            return ". Most are lines with another number of cells: save it again as CSV, one line an encounter"
        return ": mend these cells, or leave the rows out"


def _counted(column: str, total: int) -> str:
    return f"{column} {total:,}" if column else f"broken lines {total:,}"
