"""Creates and migrates `RAW_DATA` and `CLEAN_DATA`; a second run changes nothing."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, inspect

from connections import tables as fixed
from connections.mysql_connections import DATABASES, DatabaseName, create_databases, database_lock, engine_for
from connections.settings import Settings
from readmission.storage.contract_tables import SPLITS, initial_data_table, prepared_name, prepared_table

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATIONS_LOCK = "migrations"


def initialise(settings: Settings) -> list[str]:
    """Creates the databases, migrates their tables and creates, empty, what is missing; says what it did.

    Missing are the data's tables at first, and whatever somebody dropped since.

    Raises:
        LockTakenError: another run is migrating and does not end.
    """
    logger.info("initialising the databases %s", " and ".join(DATABASES))
    create_databases(settings)
    did: list[str] = []
    with database_lock(engine_for(settings, "RAW_DATA"), MIGRATIONS_LOCK):
        for database in DATABASES:
            with engine_for(settings, database).connect() as connection:
                did += _migrate(connection, database) + _create_missing(connection, database)
    for line in did:
        logger.info(line)
    return did


def migration_config(connection: Connection, database: DatabaseName) -> Config:
    """Alembic's configuration for one of the two databases, on an open connection."""
    config = Config()
    config.attributes["connection"] = connection
    for option, value in (
        ("script_location", str(MIGRATIONS)),
        ("path_separator", "newline"),
        ("version_locations", str(MIGRATIONS / database.lower())),
    ):
        config.set_main_option(option, value.replace("%", "%%"))
    return config


def _migrate(connection: Connection, database: DatabaseName) -> list[str]:
    before = _revision(connection)
    command.upgrade(migration_config(connection, database), "head")
    connection.commit()
    after = _revision(connection)
    if before == after:
        return [f"{database}: at revision {after}, nothing to migrate"]
    return [f"{database}: migrated from {before or 'nothing'} to revision {after}"]


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _create_missing(connection: Connection, database: DatabaseName) -> list[str]:
    existing = set(inspect(connection).get_table_names())
    missing = [table for table in _tables(database) if table.name not in existing]
    for table in missing:
        table.create(connection)
    connection.commit()
    return [f"{database}: created the empty table {table.name}" for table in missing]


def _tables(database: DatabaseName) -> list[Table]:
    metadata = MetaData()
    if database == "RAW_DATA":
        return [*fixed.RAW.sorted_tables, initial_data_table(metadata)]
    return [*fixed.CLEAN.sorted_tables, *(prepared_table(metadata, prepared_name(split), split) for split in SPLITS)]
