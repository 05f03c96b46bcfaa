"""Whether what the database has confirmed outlives a power cut: the settings as the service's connections have them."""

from sqlalchemy import Engine, text

from connections.mysql_connections import engine_for
from connections.settings import Settings

_FULL = 2


def mysql_problems(engine: Engine) -> tuple[str, ...]:
    """What of the server, as the service's account sees it, is not durable."""
    asked = ("innodb_flush_log_at_trx_commit", "sync_binlog")
    with engine.connect() as connection:
        found = {name: connection.execute(text(f"SELECT @@global.{name}")).scalar_one() for name in asked}
    return tuple(f"{name} is {value}, not 1" for name, value in found.items() if value != 1)


def sqlite_problems(settings: Settings) -> tuple[str, ...]:
    """What of a connection such as the service makes is not durable."""
    with engine_for(settings, "RAW_DATA").connect() as connection:
        synchronous = connection.execute(text("PRAGMA synchronous")).scalar_one()
    return () if synchronous == _FULL else (f"synchronous is {synchronous}, not {_FULL} (FULL)",)
