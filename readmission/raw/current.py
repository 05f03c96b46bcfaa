"""Which load's rows are in `initial_data`, and that one process at a time changes that."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Engine

from connections.mysql_connections import LockTakenError, database_lock
from readmission.errors import InUseError
from readmission.raw import loads
from readmission.raw.loads import Load
from readmission.storage.contract_tables import INITIAL_DATA
from readmission.storage.table_swap import hold, take_back

logger = logging.getLogger(__name__)

LOCK = INITIAL_DATA
LOCK_WAIT_SECONDS = 300


def current(engine: Engine) -> Load | None:
    """The load whose rows are in the table; None if it holds others, or is gone."""
    latest = loads.latest(engine)
    if latest is None or not hold(engine, {INITIAL_DATA: latest.rows}, latest.mark):
        return None
    return latest


def take_back_unrecorded(engine: Engine) -> None:
    """Gives `initial_data` back to the last load, if a load or an undo that was never recorded replaced its rows."""
    latest = loads.latest(engine)
    if latest is not None:
        take_back(engine, [INITIAL_DATA], latest.mark)


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """One load or undo at a time, from whichever process."""
    with ExitStack() as held:
        try:
            held.enter_context(database_lock(engine, LOCK, timeout_seconds=0))
        except LockTakenError:
            logger.warning("another load is running; waiting up to %d s for its end", LOCK_WAIT_SECONDS)
            try:
                held.enter_context(database_lock(engine, LOCK, LOCK_WAIT_SECONDS))
            except LockTakenError as error:
                raise InUseError(f"another load is running: {error}") from error
        yield
