"""What is known about the log without asking anybody."""

from dataclasses import dataclass

from readmission.prediction import Place


@dataclass(frozen=True)
class LogState:
    """Where a row would be kept now, what is not well, and what waits in this worker's journal.

    `place` is None when nothing can keep a row. `problems` has a sentence, without its point, for each thing that is
    not well. `oldest_seconds` is the age of the oldest row that waits.
    """

    place: Place | None
    problems: tuple[str, ...] = ()
    rows: int = 0
    bytes: int = 0
    capacity: int = 0
    oldest_seconds: float | None = None

    @property
    def reason(self) -> str | None:
        """The problems as one text, or None when all is well."""
        return "; ".join(self.problems) or None
