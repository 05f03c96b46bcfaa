"""`forgotten`: the record of predictions that were deleted for good."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "raw_0004"
down_revision = "raw_0003"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")


def upgrade() -> None:
    """Creates the table; a run that broke off has made it, or has not."""
    if sa.inspect(op.get_bind()).has_table("forgotten"):
        return
    op.create_table(
        "forgotten",
        sa.Column("forgotten_id", KEY, primary_key=True, autoincrement=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drops the table, with what it holds."""
    op.drop_table("forgotten")
