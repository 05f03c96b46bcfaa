"""`leases` says which DAG run or program holds what is held."""

import sqlalchemy as sa
from alembic import op

revision = "clean_0002"
down_revision = "clean_0001"

COLUMNS = ("dag_id", "run_id")


def upgrade() -> None:
    """Adds the columns; MySQL commits each by itself, so a run that broke off is taken up where it stopped."""
    existing = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("leases")}
    for name in COLUMNS:
        if name not in existing:
            op.add_column("leases", sa.Column(name, sa.String(250)))


def downgrade() -> None:
    """Drops the columns, with what they hold."""
    for name in reversed(COLUMNS):
        op.drop_column("leases", name)
