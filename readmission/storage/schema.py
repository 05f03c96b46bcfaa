"""Whether the databases' tables are those of this release, and who brings them up to date where they are not."""

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import DBAPIError

from connections import tables as fixed
from connections.mysql_connections import DatabaseName, is_sqlite
from readmission.errors import NotMigratedError

DECLARED: dict[DatabaseName, MetaData] = {"RAW_DATA": fixed.RAW, "CLEAN_DATA": fixed.CLEAN}
HERE = "run crear_bases_si_no_existen first"
THE_JOB = "the job migrate does that: `docker compose up migrate`, or on Kubernetes `make k8s-up`, runs it"

NOT_YET = f"the databases are not migrated, or this account has not its rights on them yet: {THE_JOB}"

# What MySQL answers to an account without a right on a database, a table, a column, or the server; no such database.
_DENIED = frozenset((1044, 1142, 1143, 1227, 1049))


def is_denied(error: DBAPIError) -> bool:
    """Whether MySQL knows the account and has nothing for it: no database, or no right on it."""
    return not _DENIED.isdisjoint(getattr(error.orig, "args", ())[:1])


def how(mysql: bool) -> str:
    """How tables are brought up to date, on such a server."""
    return THE_JOB if mysql else HERE


def revision(connection: Connection) -> str | None:
    """The revision that a database is at; None before the first migration."""
    return MigrationContext.configure(connection).get_current_revision()


def head(config: Config) -> str | None:
    """The revision of this release."""
    return ScriptDirectory.from_config(config).get_current_head()


def check_known(config: Config, database: DatabaseName, there: str | None) -> None:
    """Raises NotMigratedError when a newer release migrated the database."""
    try:
        ScriptDirectory.from_config(config).get_revisions(there or "base")
    except CommandError:
        raise NotMigratedError(
            f"{database} is at revision {there}, which this release does not know: a newer one migrated it; start that "
            "release, or restore a backup that was made before it"
        ) from None


def check_migrated(connection: Connection, config: Config, database: DatabaseName) -> None:
    """Raises NotMigratedError when the tables are not those of this release; the message names the job."""
    there, wanted = revision(connection), head(config)
    if there != wanted:
        check_known(config, database, there)
        raise NotMigratedError(
            f"{database} is at revision {there or 'none'}, and this release needs {wanted}: "
            f"{how(not is_sqlite(connection.engine))}"
        )


def lacking(connection: Connection, database: DatabaseName) -> list[str]:
    """The columns that are declared and not there, in tables that are: a migration was not done to its end."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    return [
        f"{database}.{table.name}.{name}"
        for table in DECLARED[database].sorted_tables
        if table.name in there
        for name in sorted({*table.columns.keys()} - {each["name"] for each in inspector.get_columns(table.name)})
    ]


def may_migrate(connection: Connection) -> bool:
    """Whether the connection's account may create any table of its database: everybody on SQLite."""
    if is_sqlite(connection.engine):
        return True
    me = "CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@', QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))"
    rights = text(
        f"SELECT 1 FROM information_schema.user_privileges WHERE grantee = {me} AND privilege_type = 'CREATE' UNION "
        f"SELECT 1 FROM information_schema.schema_privileges WHERE grantee = {me} AND privilege_type = 'CREATE' "
        "AND REPLACE(table_schema, '\\\\', '') = DATABASE()"
    )
    return connection.execute(rights).first() is not None
