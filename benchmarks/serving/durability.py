"""Whether what the database has confirmed outlives a power cut, by the settings that the service's connections have."""

from time import monotonic

from app_back.log.prediction_log import database_of
from connections.settings import Settings

_WAIT_SECONDS = 10


def problems(settings: Settings) -> tuple[str, ...]:
    """What of a connection such as the service's writers make is not durable."""
    until = monotonic() + _WAIT_SECONDS
    database = database_of(settings)
    connection = database.connect(until)
    try:
        return (connection.durability.problem,) if connection.durability.problem else ()
    finally:
        connection.close()
        database.close()
