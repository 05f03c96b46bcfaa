"""A connection to the log's database that is kept as long as it is good."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from app_back.log.database import Connection, Database, DatabaseError, RowRefusedError

LOOK_AGAIN_SECONDS = 60.0


class HeldConnection:
    """One connection for one user at a time; one that failed in any way is closed, and the next user gets a new one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._connection: Connection | None = None
        self._since = 0.0

    @contextmanager
    def used(self, until: float) -> Iterator[Connection]:
        """The connection for the block, by `until` in seconds of `time.monotonic`.

        Raises:
            DatabaseError: there is none to be had.
        """
        if not self._lock.acquire(timeout=max(until - time.monotonic(), 0.0)):
            raise DatabaseError("the database did not answer others in time")
        try:
            yield self._good(until)
        except RowRefusedError:
            raise
        except BaseException:
            self._close()
            raise
        finally:
            self._lock.release()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, which may be good or not."""
        return self._connection is not None

    def drop(self) -> None:
        """Closes the connection, unless somebody is using it."""
        if self._lock.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._lock.release()

    def _good(self, until: float) -> Connection:
        if self._connection is not None and not self._connection.complete and self._is_old():
            self._close()  # the migration that gives the table its last columns may have run
        if self._connection is None:
            self._connection, self._since = self._database.connect(until), time.monotonic()
        return self._connection

    def _is_old(self) -> bool:
        return time.monotonic() - self._since > LOOK_AGAIN_SECONDS

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
