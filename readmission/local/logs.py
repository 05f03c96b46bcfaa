"""What a service wrote since it was started: what earlier starts wrote is in the same file, and explains nothing."""

from dataclasses import dataclass
from pathlib import Path

_SHOWN_LINES = 15
_SHOWN_BYTES = 20_000
_SHOWN_WIDTH = 300


@dataclass(frozen=True)
class LogEnd:
    """How far a log had come: its file, by number, and bytes. A log that was rotated since is another file."""

    file: int
    size: int


BEGINNING = LogEnd(0, 0)


def log_end(log: Path) -> LogEnd:
    """How far a log has come now."""
    try:
        found = log.stat()
    except OSError:
        return BEGINNING
    return LogEnd(found.st_ino, found.st_size)


def end_of(log: Path, since: LogEnd) -> str:
    """Where a log is and, in a few lines, what was last written to it since then."""
    try:
        lines = _written(log, since)
    except OSError:
        lines = []
    if not lines:
        return f"Nothing was written to {log} since."
    return "\n".join((f"The end of {log}:", *(line[:_SHOWN_WIDTH] for line in lines[-_SHOWN_LINES:])))


def _written(log: Path, since: LogEnd) -> list[str]:
    found = log.stat()
    begin = since.size if found.st_ino == since.file and found.st_size >= since.size else 0
    with log.open("rb") as file:
        file.seek(max(begin, found.st_size - _SHOWN_BYTES))
        return [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
