"""A file of the journal, which one process holds with a lock; the lock falls with the process."""

import fcntl
import logging
import os
from io import BufferedReader
from pathlib import Path

from app_back.log.records import count
from app_back.log.row import new_id

logger = logging.getLogger(__name__)

SUFFIX = ".rows"


class Segment:
    """An append-only file of records: `size` bytes are durable, of which `drained` are in the table too.

    `rows` is how many rows the others hold.
    """

    def __init__(self, path: Path, descriptor: int, size: int, rows: int) -> None:
        self.path = path
        self.size = size
        self.drained = 0
        self.rows = rows
        self.sound = True
        self._descriptor = descriptor

    @classmethod
    def create(cls, folder: Path) -> "Segment":
        """A new file, held by this process; raises OSError."""
        while True:
            path = folder / f"{new_id()}{SUFFIX}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            # Somebody who looks for orphans may have come before the lock: then it is theirs.
            if _held(path, descriptor):
                sync_folder(folder)
                return cls(path, descriptor, 0, 0)
            os.close(descriptor)

    @classmethod
    def adopt(cls, path: Path) -> "Segment | None":
        """The file of a process that is gone, without what that had not finished; None where its process lives."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:  # another one drained it
            return None
        if not _held(path, descriptor):
            os.close(descriptor)
            return None
        size, rows = _whole_records(descriptor)
        torn = os.fstat(descriptor).st_size - size
        if torn:
            logger.warning("%s ends in a write that broke off unanswered: %d bytes are cut", path.name, torn)
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)
        return cls(path, descriptor, size, rows)

    def append(self, record: bytes) -> None:
        """Adds a record, which is on the disk when it returns, or nothing.

        Raises:
            OSError: the disk is full, or fails.
        """
        try:
            written = 0
            while written < len(record):
                written += os.pwrite(self._descriptor, record[written:], self.size + written)
            # After a sync that failed nobody knows what the disk holds: then nothing is added to this file any more.
            self.sound = False
            os.fdatasync(self._descriptor)
            self.sound = True
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(record)
        self.rows += count(record)

    def read(self, most: int) -> list[bytes]:
        """The next records that are not drained: those that hold `most` rows together, and one at least."""
        records: list[bytes] = []
        place, end, rows = self.drained, self.size, 0  # what lies beyond that end may be taken back
        with _opened(self._descriptor, place) as file:
            while place < end:
                record = file.readline()
                rows += count(record)
                if records and rows > most:
                    break
                records.append(record)
                place += len(record)
        return records

    def remove(self) -> None:
        """Deletes the file and lets go of it."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Lets go of the file, which is an orphan then."""
        os.close(self._descriptor)


def rows_in(path: Path) -> int:
    """How many rows a file has that another process may hold, or remove."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return _whole_records(descriptor)[1]
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _held(path: Path, descriptor: int) -> bool:
    """Whether this process got the lock of the file, which is still the one under that name."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except (BlockingIOError, FileNotFoundError):
        return False


def _opened(descriptor: int, place: int) -> BufferedReader:
    file = os.fdopen(descriptor, "rb", closefd=False)
    file.seek(place)
    return file


def _whole_records(descriptor: int) -> tuple[int, int]:
    """The bytes up to the last record's end, and the number of rows."""
    size = rows = 0
    with _opened(descriptor, 0) as file:
        for record in file:
            if record.endswith(b"\n"):
                size += len(record)
                rows += count(record)
    return size, rows
