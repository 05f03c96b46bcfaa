"""Records that cannot become rows of the table: kept in files beside the journal, for a person to look at."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from app_back.log.segment import SUFFIX, sync_folder

# What the database refuses for itself; such a file is drained again when it is renamed to end in SUFFIX.
REFUSED = ".refused"
# What is not what was written.
DAMAGED = ".damaged"


def keep(segment: Path, kind: str, records: Sequence[bytes]) -> Path:
    """Adds records to the file of that kind beside a segment; those that it has are left out.

    Returns:
        The file, which is on the disk by then.
    """
    path = segment.with_name(segment.name.removesuffix(SUFFIX) + kind)
    path.touch(mode=0o600)
    with path.open("a+b") as file:
        file.seek(0)
        had = set(file)
        if any(not record.endswith(b"\n") for record in had):  # a crash left part of one
            file.write(b"\n")
        file.writelines(record for record in records if record not in had)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return path


def bring_back(folder: Path) -> None:
    """Gives what the database refused back to the journal, where nobody is at work on a file of that name."""
    for path in folder.glob(f"*{REFUSED}"):
        with suppress(OSError):  # another worker was quicker, or still holds the file that it came from
            os.link(path, path.with_suffix(SUFFIX))
            path.unlink()


def files(folder: Path) -> int:
    """How many such files lie in the folder."""
    return sum(1 for kind in (REFUSED, DAMAGED) for _ in folder.glob(f"*{kind}"))
