"""`prepared_sets`, `encounters`, `experiments` and `leases`, as the first release has them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "clean_0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
TABLES = ("prepared_sets", "encounters", "experiments", "leases")


def upgrade() -> None:
    """Creates the four tables; MySQL commits each by itself, so a run that broke off is taken up where it stopped."""
    existing = sa.inspect(op.get_bind()).get_table_names()
    creators = (_create_prepared_sets, _create_encounters, _create_experiments, _create_leases)
    for name, create in zip(TABLES, creators, strict=True):
        if name not in existing:
            create()


def downgrade() -> None:
    """Drops the four tables, with what they hold."""
    for name in reversed(TABLES):
        op.drop_table(name)


def _create_prepared_sets() -> None:
    op.create_table(
        "prepared_sets",
        sa.Column("prepared_id", KEY, primary_key=True, autoincrement=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("load_id", KEY, nullable=False),
        sa.Column("source_sha256", sa.String(64), nullable=False),
        sa.Column("dataset", sa.String(16), nullable=False),
        sa.Column("target", sa.String(8), nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("rows", sa.JSON, nullable=False),
        sa.Column("contract_version", sa.String(16), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
    )


def _create_encounters() -> None:
    op.create_table(
        "encounters",
        sa.Column("encounter_id", KEY, primary_key=True, autoincrement=False),
        sa.Column("split", sa.String(8), nullable=False),
        sa.Column("row_id", KEY, nullable=False),
        sa.Column("batch_id", sa.Integer),
        sa.Column("load_id", KEY, nullable=False),
    )


def _create_experiments() -> None:
    op.create_table(
        "experiments",
        sa.Column("run_id", sa.String(32), primary_key=True),
        sa.Column("batch_id", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        *(
            sa.Column(f"{split}_{metric}", sa.Double, nullable=False)
            for split in ("val", "test")
            for metric in ("accuracy", "precision", "recall", "f1", "roc_auc", "brier")
        ),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("acquired_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
