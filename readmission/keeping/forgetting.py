"""Deletes predictions for good: those of an encounter, one, or all that are older than they may become.

Each deletion is recorded before it begins, so that what waits in a journal meanwhile does not come back, and done in
chunks, so that it keeps nobody waiting. One that was broken off is done again by whoever asks again, and each day.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, delete, func, insert, select, text

from connections.forgotten import Entry, Kind, Record, digest
from connections.mysql_connections import engine_for, is_sqlite
from connections.settings import Settings
from connections.tables import forgotten, predictions
from readmission.clock import now
from readmission.errors import ReadmissionError

logger = logging.getLogger(__name__)

CHUNK_ROWS = 1_000
# A prediction that was under way when it was to be forgotten is in the table well before this.
UNDER_WAY = timedelta(days=2)


class NoForgetKeyError(ReadmissionError):
    """What the record is written with is not set."""


def forget(settings: Settings, kind: Kind, value: str) -> int:
    """Deletes the predictions of an encounter's reference, or the one of an id; gives how many there were.

    Raises:
        NoForgetKeyError: FORGET_KEY is not set.
    """
    moment, column = now(), predictions.c.encounter_ref if kind == "encounter_ref" else predictions.c.prediction_id
    entry = Entry(kind, digest(_key(settings), kind, value), moment)
    return _delete(engine_for(settings, "RAW_DATA"), and_(column == value, predictions.c.created_at <= moment), entry)


def expire(settings: Settings) -> int:
    """Deletes what is older than RETENTION_DAYS, and what was under way when it was forgotten; gives how many rows."""
    engine, moment = engine_for(settings, "RAW_DATA"), now()
    until = moment - timedelta(days=settings.retention_days)
    gone = _delete(engine, predictions.c.created_at < until, Entry("retention", None, until), empty=False)
    return gone + replay(settings, since=moment - UNDER_WAY)


def replay(settings: Settings, entries: Iterable[Entry] = (), since: datetime | None = None) -> int:
    """Deletes every row that the record says was deleted, after adding entries that it lacks; gives how many rows.

    With `since`, of predictions and entries of that time alone.
    """
    engine = engine_for(settings, "RAW_DATA")
    _add(engine, entries)
    there = [entry for entry in entries_of(engine) if since is None or entry.until >= since]
    if not there:
        return 0
    record, gone = Record(_key(settings), there), 0
    for ids in _covered(engine, record, max(entry.until for entry in there), since):
        gone += _delete_ids(engine, ids)
    _settle(engine)
    return gone


def entries_of(engine: Engine) -> list[Entry]:
    """The record, the oldest entry first."""
    columns = forgotten.c.kind, forgotten.c.digest, forgotten.c.until
    with engine.connect() as connection:
        return [Entry(*row) for row in connection.execute(select(*columns).order_by(forgotten.c.forgotten_id))]


def _delete(engine: Engine, which: ColumnElement[bool], entry: Entry, empty: bool = True) -> int:
    with engine.begin() as connection:
        rows = connection.execute(select(func.count()).select_from(predictions).where(which)).scalar_one()
        if not rows and not empty:
            return 0
        connection.execute(insert(forgotten).values(asked_at=now(), rows=rows, **entry._asdict()))
    next_ids = select(predictions.c.prediction_id).where(which).order_by(predictions.c.created_at).limit(CHUNK_ROWS)
    gone = 0
    while ids := _read(engine, next_ids):
        gone += _delete_ids(engine, ids)
    _settle(engine)
    logger.info("%s: %d predictions are deleted", entry.kind, gone)
    return gone


def _delete_ids(engine: Engine, ids: Sequence[str]) -> int:
    with engine.begin() as connection:
        if is_sqlite(engine):
            # Zeros in the place of what was there; else the file keeps it until something else needs the room.
            connection.execute(text("PRAGMA secure_delete=ON"))
        return int(connection.execute(delete(predictions).where(predictions.c.prediction_id.in_(ids))).rowcount)


def _read(engine: Engine, query: object) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())  # type: ignore[call-overload]


def _covered(engine: Engine, record: Record, until: datetime, since: datetime | None) -> Iterator[list[str]]:
    """The ids of the rows that a record covers, in chunks; each chunk is read before the one before it is deleted."""
    columns = predictions.c.prediction_id, predictions.c.encounter_ref, predictions.c.created_at
    query = select(*columns).where(predictions.c.created_at <= until).order_by(columns[0]).limit(CHUNK_ROWS * 10)
    if since is not None:
        query = query.where(predictions.c.created_at >= since)
    last = ""
    while True:
        with engine.connect() as connection:
            rows = connection.execute(query.where(columns[0] > last)).all()
        if not rows:
            return
        last = rows[-1].prediction_id
        found = [row.prediction_id for row in rows if record.covers(*row)]
        yield from (found[first : first + CHUNK_ROWS] for first in range(0, len(found), CHUNK_ROWS))


def _add(engine: Engine, entries: Iterable[Entry]) -> None:
    there = set(entries_of(engine))
    with engine.begin() as connection:
        for entry in (entry for entry in entries if entry not in there):
            connection.execute(insert(forgotten).values(asked_at=now(), rows=0, **entry._asdict()))


def _settle(engine: Engine) -> None:
    """Empties SQLite's log, which keeps what was deleted until it is written over; MySQL's is out of reach."""
    if is_sqlite(engine):
        with engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _key(settings: Settings) -> str:
    key = settings.forget_key.get_secret_value()
    if not key:
        raise NoForgetKeyError("FORGET_KEY is not set; run `make env`, which writes .env")
    return key
