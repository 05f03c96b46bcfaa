"""Creates and migrates `RAW_DATA` and `CLEAN_DATA`; a second run changes nothing."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, inspect
from sqlalchemy.exc import DBAPIError

from connections.mysql_connections import (
    DATABASES,
    DatabaseName,
    create_databases,
    database_lock,
    engine_for,
    is_sqlite,
)
from connections.settings import Settings
from readmission.errors import NotMigratedError
from readmission.storage import accounts, schema
from readmission.storage.contract_tables import SPLITS, initial_data_table, prepared_name, prepared_table

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATIONS_LOCK = "migrations"


def initialise(settings: Settings, grants: bool = False) -> list[str]:
    """Creates the databases, migrates their tables and creates, empty, what is missing; says what it did.

    Missing are the data's tables at first, and whatever somebody dropped since. With `grants` the server's accounts are
    given their rights on them. An account of MySQL that may not do all this only looks whether it was done.

    Raises:
        LockTakenError: another run is migrating and does not end.
        NotMigratedError: it was not done; the message names the job that does it.
    """
    logger.info("initialising the databases %s", " and ".join(DATABASES))
    try:
        did = _initialise(settings, grants)
    except DBAPIError as error:
        if not schema.is_denied(error):
            raise
        raise NotMigratedError(schema.NOT_YET) from error
    for line in did:
        logger.info(line)
    return did


def _initialise(settings: Settings, grants: bool) -> list[str]:
    create_databases(settings)
    did: list[str] = []
    raw = engine_for(settings, "RAW_DATA")
    with database_lock(raw, MIGRATIONS_LOCK):
        for database in DATABASES:
            with engine_for(settings, database).connect() as connection:
                did += _bring_up_to_date(connection, database)
        if grants and not is_sqlite(raw):
            with raw.connect() as connection:
                did += accounts.grant(connection)
    return did


def _bring_up_to_date(connection: Connection, database: DatabaseName) -> list[str]:
    if schema.may_migrate(connection):
        return _migrate(connection, database) + _create_missing(connection, database)
    schema.check_migrated(connection, migration_config(connection, database), database)
    return [f"{database}: at revision {schema.revision(connection)}, which its owner migrated it to"]


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
    before = schema.revision(connection)
    schema.check_known(migration_config(connection, database), database, before)
    _upgrade(connection, database)
    repaired = _complete(connection, database)
    after = schema.revision(connection)
    if before == after:
        return repaired or [f"{database}: at revision {after}, nothing to migrate"]
    return [f"{database}: migrated from {before or 'nothing'} to revision {after}", *repaired]


def _upgrade(connection: Connection, database: DatabaseName) -> None:
    command.upgrade(migration_config(connection, database), "head")
    connection.commit()


def _complete(connection: Connection, database: DatabaseName) -> list[str]:
    """Does every migration once more where one was recorded and not done: each adds only what is not there."""
    lacking = ", ".join(schema.lacking(connection, database))
    if not lacking:
        return []
    logger.warning("%s was migrated by half, without %s: its migrations are done once more", database, lacking)
    command.stamp(migration_config(connection, database), "base", purge=True)
    _upgrade(connection, database)
    if still := ", ".join(schema.lacking(connection, database)):
        raise NotMigratedError(
            f"{database} was migrated by half and its migrations do not add {still}: restore the backup that was made "
            "before the upgrade, and start again"
        )
    return [f"{database}: a half migration is repaired, with {lacking}"]


def _create_missing(connection: Connection, database: DatabaseName) -> list[str]:
    existing = set(inspect(connection).get_table_names())
    missing = [table for table in _tables(database) if table.name not in existing]
    for table in missing:
        table.create(connection)
    connection.commit()
    return [f"{database}: created the empty table {table.name}" for table in missing]


def _tables(database: DatabaseName) -> list[Table]:
    metadata, declared = MetaData(), schema.DECLARED[database].sorted_tables
    if database == "RAW_DATA":
        return [*declared, initial_data_table(metadata)]
    return [*declared, *(prepared_table(metadata, prepared_name(split), split) for split in SPLITS)]
