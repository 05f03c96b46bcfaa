"""What is wrong with a CSV, in words that let a person find and mend it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from readmission.errors import InvalidFileError

SHOWN = 20
LONGEST_VALUE = 80


@dataclass(frozen=True, order=True)
class Problem:
    """One cell or line that the contract refuses; `line` counts the header as line 1."""

    line: int
    column: str
    value: str
    allowed: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        value = self.value if len(self.value) <= LONGEST_VALUE else self.value[:LONGEST_VALUE] + "..."
        return f"{where}: {value!r} is not allowed; allowed: {self.allowed}"


@dataclass
class Problems:
    """The first problems of a file, and how many there are in all."""

    first: list[Problem] = field(default_factory=list)
    total: int = 0

    def add(self, found: Iterable[Problem], total: int | None = None) -> None:
        """Notes problems; `total` says how many there are where only some of them are given."""
        listed = sorted(found)
        self.total += len(listed) if total is None else total
        self.first = sorted([*self.first, *listed])[:SHOWN]

    def check(self, path: Path) -> None:
        """Raises InvalidFileError when anything was noted."""
        if self.total:
            raise InvalidFileError(self.message(path))

    def message(self, path: Path) -> str:
        """All that a person needs: how many problems, and the first of them."""
        plural = "problem" if self.total == 1 else "problems"
        more = f" (the first {len(self.first)})" if self.total > len(self.first) else ""
        lines = "\n".join(f"  {problem}" for problem in self.first)
        return f"{path.name} has {self.total:,} {plural}{more}; nothing was loaded:\n{lines}"
