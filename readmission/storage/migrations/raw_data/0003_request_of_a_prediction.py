"""`predictions.request_id`: which request to the service a prediction answered."""

import sqlalchemy as sa
from alembic import op

revision = "raw_0003"
down_revision = "raw_0002"


def upgrade() -> None:
    """Adds the column; MySQL commits that by itself, so a run that broke off is taken up where it stopped."""
    inspector = sa.inspect(op.get_bind())
    # A table that somebody dropped is made anew, with the column, after the migrations.
    if not inspector.has_table("predictions"):
        return
    if "request_id" not in {column["name"] for column in inspector.get_columns("predictions")}:
        op.add_column("predictions", sa.Column("request_id", sa.String(64)))


def downgrade() -> None:
    """Drops the column, with what it holds."""
    op.drop_column("predictions", "request_id")
