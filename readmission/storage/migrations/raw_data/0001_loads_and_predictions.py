"""`loads` and `predictions`, as the first release has them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "raw_0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")


def upgrade() -> None:
    """Creates what is missing: on MySQL the server's first-start script makes `predictions`, to grant rights on it."""
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
    op.create_table(
        "predictions",
        sa.Column("prediction_id", sa.String(36), primary_key=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("encounter_ref", sa.String(64)),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("prediction", sa.SmallInteger, nullable=False),
        sa.Column("probability", sa.Double, nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("model_name", sa.String(128), nullable=False),
        sa.Column("model_version", sa.String(32), nullable=False),
        sa.Column("dataset", sa.String(16), nullable=False),
    )
    op.create_index("predictions_created_at", "predictions", ["created_at"])
    op.create_index("predictions_encounter_ref", "predictions", ["encounter_ref"])
