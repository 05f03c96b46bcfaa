"""Leases: who is using the prepared data set, across the processes of one run.

A database's own locks fall with a connection, and a training is many processes; a lease is a row that any of them may
renew and that runs out by itself when all of them die.
"""

from datetime import timedelta

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from connections.tables import leases
from readmission.clock import now
from readmission.errors import InUseError

PREPARED_SET = "prepared_set"
DURATION = timedelta(minutes=30)


def acquire(engine: Engine, name: str, holder: str) -> None:
    """Takes or renews a lease for `holder`.

    Raises:
        InUseError: somebody else holds it; the message says who, since when and until when at most.
    """
    moment = now()
    times = {"acquired_at": moment, "expires_at": moment + DURATION}
    try:
        with engine.begin() as connection:
            mine = update(leases).where(leases.c.name == name, leases.c.holder == holder)
            if connection.execute(mine.values(expires_at=times["expires_at"])).rowcount:
                return
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.expires_at < moment))
            connection.execute(insert(leases).values(name=name, holder=holder, **times))
    except IntegrityError as error:
        raise InUseError(_taken(engine, name)) from error


def release(engine: Engine, name: str, holder: str) -> None:
    """Gives a lease back; nothing happens when `holder` does not hold it."""
    with engine.begin() as connection:
        connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def _taken(engine: Engine, name: str) -> str:
    with engine.connect() as connection:
        row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
    if row is None:
        return f"{name} was in use a moment ago; run again"
    return (
        f"{name} is in use by {row.holder} since {row.acquired_at:%Y-%m-%d %H:%M:%S} UTC; wait until it ends "
        f"(if it died, the lease runs out at {row.expires_at:%H:%M:%S} UTC)"
    )


def check_free(engine: Engine, name: str) -> None:
    """Raises InUseError while somebody holds the lease."""
    alive = select(leases).where(leases.c.name == name, leases.c.expires_at >= now())
    with engine.connect() as connection:
        held = connection.execute(alive).one_or_none() is not None
    if held:
        raise InUseError(_taken(engine, name))
