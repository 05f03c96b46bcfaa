"""`loads` and `predictions`, as the first release has them."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "raw_0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PREDICTIONS = Path(__file__).with_name("0001_predictions.sql")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")


def upgrade() -> None:
    """Creates what is missing: on MySQL an earlier release made `predictions` at the server's first start."""
    existing = sa.inspect(op.get_bind()).get_table_names()
    if "loads" not in existing:
        _create_loads()
    if "predictions" not in existing:
        _create_predictions()


def downgrade() -> None:
    """Drops both tables, with what they hold."""
    op.drop_table("predictions")
    op.drop_table("loads")


def _create_loads() -> None:
    op.create_table(
        "loads",
        sa.Column("load_id", KEY, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String(1024), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("dataset", sa.String(16)),
        sa.Column("rows", sa.Integer),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("detail", sa.Text),
    )


def _create_predictions() -> None:
    for statement in PREDICTIONS.read_text(encoding="utf-8").split(";\n"):
        if statement:
            op.execute(statement)
