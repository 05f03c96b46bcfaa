"""`predictions`: what the shadow version, if there was one, said of the same encounter."""

import sqlalchemy as sa
from alembic import op

revision = "raw_0005"
down_revision = "raw_0004"

COLUMNS = {"shadow_version": sa.String(32), "shadow_probability": sa.Double(), "shadow_threshold": sa.Double()}


def upgrade() -> None:
    """Adds the columns; MySQL commits each by itself, so a run that broke off is taken up where it stopped."""
    inspector = sa.inspect(op.get_bind())
    # A table that somebody dropped is made anew, with the columns, after the migrations.
    if not inspector.has_table("predictions"):
        return
    there = {column["name"] for column in inspector.get_columns("predictions")}
    for name, kind in COLUMNS.items():
        if name not in there:
            op.add_column("predictions", sa.Column(name, kind))


def downgrade() -> None:
    """Drops the columns, with what they hold."""
    for name in COLUMNS:
        op.drop_column("predictions", name)
