"""Runs the migrations of one database on the connection that `readmission.databases` gives."""

from alembic import context
from sqlalchemy import Connection


def migrate(connection: Connection) -> None:
    """Runs the migrations that the database has not seen."""
    context.configure(connection=connection, render_as_batch=connection.dialect.name == "sqlite")
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes["connection"])
