"""Which columns of a CSV are read, and under which names."""

import re
from dataclasses import dataclass
from functools import cached_property

from readmission.errors import InvalidFileError
from readmission.features import COLUMN_NAMES

LEFT_OUT = ""
_SHOWN = 2_000
_MOST_NAMES = 50
# Row numbers: of pandas ("Unnamed: 0", "index", "level_0") and of R ("", and "X" after it was read again).
_ROW_NUMBERS = re.compile(r"|Unnamed: \d+(\.\d+)*|index|level_0|X(\.\d+)?")


@dataclass(frozen=True)
class Wanted:
    """The columns that are read of a file, in this order; `called` is what messages call them.

    `whole`: a file that lacks one, or has another, is refused. `filled`: emptied cells are read as what they stand for.
    """

    names: tuple[str, ...]
    called: str
    whole: bool
    filled: bool

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Names that a tool gave, with the one that is meant: R and SQL take no "-" in one."""
        return {name.replace("-", mark): name for name in self.names for mark in "._ " if "-" in name}


THE_50 = Wanted(COLUMN_NAMES, f"the data set's {len(COLUMN_NAMES)} columns", whole=True, filled=True)


def is_row_numbers(column: str) -> bool:
    """Whether a column has the name that a tool gives to row numbers."""
    return _ROW_NUMBERS.fullmatch(column) is not None


def read_as(column: str, wanted: Wanted) -> str:
    """The wanted name of a column of the file; where there is none, its own if all are wanted, else `LEFT_OUT`."""
    if column in wanted.names:
        return column
    if is_row_numbers(column):
        return LEFT_OUT
    return wanted.renamed.get(column, column if wanted.whole else LEFT_OUT)


def check_columns(columns: tuple[str, ...], given: list[str], name: str, wanted: Wanted) -> None:
    """Checks the columns as they are read.

    Raises:
        InvalidFileError: none is wanted, one is there twice, or, where all are wanted, one is missing or unexpected.
    """
    known = set(columns) & set(wanted.names)
    if not known:
        raise InvalidFileError(
            f"{name} has no line of column names: its first line must be {', '.join(wanted.names[:3])}, ... and "
            f"has {len(given):,} other cells"
        )
    missing = [column for column in wanted.names if column not in known and wanted.whole]
    unexpected = [column for column in columns if column not in known and column != LEFT_OUT]
    repeated = [column for column in wanted.names if columns.count(column) > 1]
    wrong = (("missing", missing), ("unexpected", unexpected), ("repeated", repeated))
    said = [f"{what}: {', '.join(names[:_MOST_NAMES])[:_SHOWN]}" for what, names in wrong if names]
    if said:
        raise InvalidFileError(f"{name} does not have {wanted.called}; {'; '.join(said)}")
