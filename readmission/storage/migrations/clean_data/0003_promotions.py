"""`promotions`: what became of each version, in rows that nobody changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "clean_0003"
down_revision = "clean_0002"

TABLE, INDEX = "promotions", "promotions_model"
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")

# On MySQL the accounts' rights do this.
REFUSE = "BEGIN SELECT RAISE(ABORT, 'promotions is append-only'); END"
TRIGGERS = {
    "promotions_no_update": f"BEFORE UPDATE ON promotions {REFUSE}",
    "promotions_no_delete": f"BEFORE DELETE ON promotions {REFUSE}",
    "promotions_no_replace": "BEFORE INSERT ON promotions WHEN NEW.promotion_id IN "
    f"(SELECT promotion_id FROM promotions) {REFUSE}",
}


def upgrade() -> None:
    """Creates the table with its index and triggers; a run that broke off is taken up where it stopped."""
    if TABLE not in sa.inspect(op.get_bind()).get_table_names():
        _create()
    if INDEX not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(TABLE)}:
        op.create_index(INDEX, TABLE, ["model", "happened_at"])
    if op.get_bind().dialect.name == "sqlite":
        for name, does in TRIGGERS.items():
            op.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {does}")


def downgrade() -> None:
    """Drops the table, with what it holds."""
    op.drop_table(TABLE)


def _create() -> None:
    op.create_table(
        TABLE,
        sa.Column("promotion_id", KEY, primary_key=True, autoincrement=True),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("from_version", sa.String(32)),
        sa.Column("to_version", sa.String(32)),
        sa.Column("version_created", sa.BigInteger),
        sa.Column("by_whom", sa.String(512), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("numbers", sa.JSON, nullable=False),
    )
