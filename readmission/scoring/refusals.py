"""What is wrong with the rows of a file, in words that let a person find and mend it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from readmission.errors import InvalidFileError

SHOWN = 20


@dataclass
class Refusals:
    """The first refused cells of a file, told, and how many there are in each column ("": lines that are no rows)."""

    counted_in: str
    first: list[str] = field(default_factory=list)
    by_column: Counter[str] = field(default_factory=Counter)

    def add(self, found: Iterable[tuple[int, str, str]]) -> None:
        """Notes refused cells, in the file's order: the place, the column and why."""
        for place, column, reason in found:
            self.by_column[column] += 1
            if len(self.first) < SHOWN:
                self.first.append(f"{self.counted_in} {place}, {told(column, reason)}")

    def check(self, name: str) -> None:
        """Raises InvalidFileError when anything was noted; the message names rows and columns."""
        total = self.by_column.total()
        if not total:
            return
        counted = ", ".join(f"{column or 'broken lines'} {count:,}" for column, count in self.by_column.most_common())
        more = f"the first {len(self.first)} of {total:,}" if total > len(self.first) else "in full"
        lines = "\n".join(f"  {one}" for one in self.first)
        raise InvalidFileError(
            f"{name}: {total:,} refused; nothing was written: mend them, or have the other rows scored and these told "
            f"in a column with --on-error report\nby column: {counted}\n{more}:\n{lines}"
        )


def told(column: str, reason: str) -> str:
    """A refusal as the message and the error column tell it."""
    return f"{column}: {reason}" if column else reason
