"""A worker's journal: where rows are durable while the database does not take them."""

import errno
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from app_back.log.records import count, record, sound
from app_back.log.row import LoggedRow
from app_back.log.segment import SUFFIX, Segment, rows_in, sync_folder

logger = logging.getLogger(__name__)

SEGMENT_BYTES = 4_000_000
_TRIAL, _TRIAL_BYTES = ".trial", 4_096
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class JournalError(Exception):
    """The journal takes no row; the text is a clause that says why."""


class Drained(NamedTuple):
    """The oldest records of the journal: the rows that they hold, and those records that hold none any more."""

    segment: Segment
    rows: list[LoggedRow]
    damaged: list[bytes]
    counted: int  # rows, those of the damaged records included
    bytes: int


class Journal:
    """Files of one folder that this worker holds: its own, and those it adopted. `append` is for any thread."""

    def __init__(self, folder: Path, capacity: int) -> None:
        self.folder = folder
        self.capacity = capacity
        self.oldest: datetime | None = None
        self._lock = Lock()
        self._segments: list[Segment] = []
        self._active: Segment | None = None
        self._fault: str | None = None
        self._full_from: int | None = None
        self._unusable: set[Path] = set()

    def open(self) -> None:
        """Makes the folder, and tries whether files can be written there."""
        try:
            if self.folder.is_file():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            trial = self.folder / _TRIAL
            try:
                trial.write_bytes(bytes(_TRIAL_BYTES))
                sync_folder(self.folder)
                sync_folder(self.folder.parent)
            finally:
                trial.unlink(missing_ok=True)
            self._fault = None
        except OSError as error:
            self._fault = _why(error)

    @property
    def problem(self) -> str | None:
        """Why it takes no rows, as far as it is known; or None."""
        if self._fault is None and self._full_from is not None and self.size >= self._full_from:
            return f"the journal is full ({self.capacity / 1e6:,.0f} MB, JOURNAL_MAX_MB)"
        return self._fault

    @property
    def rows(self) -> int:
        """How many rows wait."""
        return sum(segment.rows for segment in self._segments.copy())

    @property
    def size(self) -> int:
        """How large the files are, in bytes."""
        return sum(segment.size for segment in self._segments.copy())

    def rows_of_others(self) -> int:
        """How many rows the files of other workers have."""
        own = {segment.path for segment in self._segments.copy()}
        return sum(rows_in(path) for path in self.folder.glob(f"*{SUFFIX}") if path not in own)

    def append(self, rows: Sequence[LoggedRow]) -> None:
        """Keeps all rows as one record, on the disk when it returns, or none: also if the process is killed in it.

        Raises:
            JournalError: the journal or its disk is full, or the disk fails.
        """
        data = record(rows)
        with self._lock:
            self._full_from = self.size if self.size + len(data) > self.capacity else None
            try:
                if self._full_from is None:
                    self._writable().append(data)
                    self._fault = None
            except OSError as error:
                self._fault = _why(error)
            if self.problem is not None:
                raise JournalError(self.problem)
            if self.oldest is None:
                self.oldest = rows[0].created_at

    def _writable(self) -> Segment:
        if self._active is None or not self._active.sound or self._active.size >= SEGMENT_BYTES:
            self._active = Segment.create(self.folder)
            self._segments.append(self._active)
        return self._active

    def adopt(self) -> int:
        """Takes over the files of workers that are gone, and says how many rows they hold."""
        found = 0
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                segment = Segment.adopt(path)
            except OSError as error:
                self._tell_once(path, error)
                continue
            if segment is None:
                continue
            if segment.size == 0:  # its worker was gone before it wrote
                segment.remove()
                continue
            with self._lock:
                self._segments.insert(0, segment)
            found += segment.rows
            logger.info("adopted %s: %d rows of a worker that is gone", path.name, segment.rows)
        if found:
            with suppress(OSError):  # the drain tells it
                self.oldest_records(1)  # since when they wait is known before there is a database
        return found

    def _tell_once(self, path: Path, error: OSError) -> None:
        if path not in self._unusable:
            self._unusable.add(path)
            logger.error("%s cannot be adopted (%s): its rows wait there", path.name, error.strerror)

    def oldest_records(self, most: int) -> Drained | None:
        """The records that are to be drained next, of `most` rows together, or one that has more.

        None when nothing waits.
        """
        while (segment := next(iter(self._segments), None)) is not None:
            records = segment.read(most)
            if records:
                return self._parsed(segment, records)
            self._remove_if_empty(segment)
        self.oldest = None
        return None

    def _parsed(self, segment: Segment, records: list[bytes]) -> Drained:
        rows, damaged = sound(records)
        if rows:
            self.oldest = rows[0].created_at
        return Drained(segment, rows, damaged, sum(map(count, records)), sum(map(len, records)))

    def done(self, drained: Drained) -> None:
        """Takes note that the records are in the table, or set aside; a file without others goes."""
        segment = drained.segment
        with self._lock:
            segment.drained += drained.bytes
            segment.rows -= drained.counted
        self._remove_if_empty(segment)

    def _remove_if_empty(self, segment: Segment) -> None:
        with self._lock:
            if segment.drained < segment.size:
                return
            self._segments.remove(segment)
            if self._active is segment:
                self._active = None
            segment.remove()

    def close(self) -> None:
        """Lets go of the files, which any worker may adopt then."""
        with self._lock:
            for segment in self._segments:
                segment.close()
            self._segments.clear()
            self._active = None


def _why(error: OSError) -> str:
    if error.errno in _NO_ROOM:
        return "the journal's disk is full"
    return f"the journal cannot be written ({error.strerror or type(error).__name__})"
