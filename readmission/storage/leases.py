"""Leases: who is using the prepared data set, across the processes of one run.

A database's own locks fall with a connection, and a training is many processes; a lease is a row that each of them
keeps alive while it works. One that nobody keeps alive is not free by itself: a DAG run may only have queued tasks
for a while. Who finds it asks Airflow, and takes it away if the run has ended (`readmission.training.recovery`).
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Engine, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from connections.mysql_connections import is_sqlite
from connections.tables import leases
from readmission.clock import now
from readmission.errors import InUseError

logger = logging.getLogger(__name__)

PREPARED_SET = "prepared_set"
BEAT_SECONDS = 5.0
DURATION = timedelta(seconds=30)


class Owner(BaseModel):
    """The DAG run or, where `dag_id` is None, the program that holds a lease."""

    model_config = ConfigDict(frozen=True)

    dag_id: str | None
    run_id: str

    @classmethod
    def this_process(cls) -> "Owner":
        """This program, on this machine."""
        return cls(dag_id=None, run_id=f"process {os.getpid()} on {socket.gethostname()}"[:250])

    def __str__(self) -> str:
        return self.run_id if self.dag_id is None else f"the run {self.run_id} of the DAG {self.dag_id}"


@dataclass(frozen=True)
class Lease:
    """A lease that is held; `alive` while one of its processes says so."""

    name: str
    holder: str
    owner: Owner
    acquired_at: datetime
    expires_at: datetime
    alive: bool

    def __str__(self) -> str:
        since = f"{self.acquired_at:%Y-%m-%d %H:%M:%S} UTC"
        return (
            f"the {self.name.replace('_', ' ')} is in use by {self.owner} since {since} (MLflow run {self.holder}); "
            "wait until it ends. If it is no more, `readmission unlock` frees the data"
        )


def acquire(engine: Engine, name: str, holder: str, owner: Owner) -> None:
    """Takes or renews a lease for `holder`, for as long as `DURATION`.

    Raises:
        InUseError: somebody else holds it; the message says who and since when, and which command frees it.
    """
    try:
        with engine.begin() as connection:
            if not _renew(connection, name, holder):
                moment = _moment(connection)
                times = {"acquired_at": moment, "expires_at": moment + DURATION}
                connection.execute(insert(leases).values(name=name, holder=holder, **times, **owner.model_dump()))
    except IntegrityError as error:
        raise InUseError(f"{held(engine, name) or f'{name} was in use a moment ago; run again'}") from error


@contextmanager
def kept(engine: Engine, name: str, holder: str, owner: Owner) -> Iterator[None]:
    """Holds a lease and keeps it alive for the block; it is not released, since other processes of `holder` go on.

    Raises:
        InUseError: somebody else holds it.
    """
    acquire(engine, name, holder, owner)
    ended = Event()
    beating = Thread(target=_beat, args=(engine, name, holder, ended), name=f"lease of {name}", daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()


def _beat(engine: Engine, name: str, holder: str, ended: Event) -> None:
    while not ended.wait(BEAT_SECONDS):
        try:
            with engine.begin() as connection:
                if not _renew(connection, name, holder):
                    logger.warning("the lease of %s was taken from %s", name, holder)
                    return
        except SQLAlchemyError as error:
            logger.warning("the lease of %s could not be renewed, which is tried again: %s", name, error)


def release(engine: Engine, name: str, holder: str) -> None:
    """Gives a lease back; nothing happens when `holder` does not hold it."""
    with engine.begin() as connection:
        connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def held(engine: Engine, name: str) -> Lease | None:
    """The lease as it is now, or None if nobody holds it."""
    with engine.connect() as connection:
        row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
        if row is None:
            return None
        alive = row.expires_at >= _moment(connection)
    # A lease of an older version names its MLflow run alone.
    owner = Owner(dag_id=row.dag_id, run_id=row.run_id or row.holder)
    return Lease(row.name, row.holder, owner, row.acquired_at, row.expires_at, alive)


def check_free(engine: Engine, name: str) -> None:
    """Raises InUseError while somebody holds the lease."""
    lease = held(engine, name)
    if lease is not None:
        raise InUseError(str(lease))


def _renew(connection: Connection, name: str, holder: str) -> bool:
    mine = update(leases).where(leases.c.name == name, leases.c.holder == holder)
    return bool(connection.execute(mine.values(expires_at=_moment(connection) + DURATION)).rowcount)


def _moment(connection: Connection) -> datetime:
    """The database's time: the holders' machines may have different ones. SQLite has no machine but this one."""
    if is_sqlite(connection.engine):
        return now()
    moment: datetime = connection.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    return moment
