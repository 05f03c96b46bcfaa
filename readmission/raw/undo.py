"""Undoes a load: the rows that it replaced come back."""

import logging
from dataclasses import dataclass

from sqlalchemy import Connection

from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.raw import loads
from readmission.raw.current import alone, take_back_unrecorded
from readmission.raw.loads import Load
from readmission.storage.contract_tables import INITIAL_DATA
from readmission.storage.disk_space import clear_when_full
from readmission.storage.table_renames import kept_name
from readmission.storage.table_swap import bring_back, hold

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Undone:
    """The load that was undone, and the one whose rows are back."""

    load: Load
    back: Load


def undo(settings: Settings) -> Undone:
    """Brings back the rows that the last load replaced. That goes once, until the next load.

    Raises:
        UndoError: there are none; the message says why.
        InUseError: a load is running and does not end.
    """
    engine = engine_for(settings, "RAW_DATA")
    with clear_when_full(engine), alone(engine):
        take_back_unrecorded(engine)
        undone, former = loads.undoable(engine)
        if not hold(engine, {kept_name(INITIAL_DATA): former.rows}, former.mark):
            raise loads.nothing_kept(undone.load_id)

        def record(connection: Connection) -> str:
            loads.record_undone(connection, undone, former)
            return former.mark

        bring_back(engine, [INITIAL_DATA], record)
    logger.info("load %d is undone: the rows of load %d are back", undone.load_id, former.load_id)
    return Undone(undone, former)
