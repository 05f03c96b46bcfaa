"""`loads.counts`: how many cells of a column became missing or `other`."""

import sqlalchemy as sa
from alembic import op

revision = "raw_0002"
down_revision = "raw_0001"


def upgrade() -> None:
    """Adds the column; MySQL commits that by itself, so a run that broke off is taken up where it stopped."""
    if "counts" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("loads")}:
        op.add_column("loads", sa.Column("counts", sa.JSON))


def downgrade() -> None:
    """Drops the column, with what it holds."""
    op.drop_column("loads", "counts")
