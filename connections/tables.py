"""The tables whose shape does not follow the feature contract; Alembic's migrations create and change them.

Times are UTC without a zone.
"""

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    event,
)
from sqlalchemy.dialects import mysql

RAW = MetaData()
CLEAN = MetaData()

_Key = BigInteger().with_variant(Integer(), "sqlite")
_Moment = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")

loads = Table(
    "loads",
    RAW,
    Column("load_id", _Key, primary_key=True, autoincrement=True),
    Column("source", String(1024), nullable=False),
    Column("sha256", String(64)),
    Column("dataset", String(16)),
    Column("rows", Integer),
    Column("started_at", _Moment, nullable=False),
    Column("finished_at", _Moment),
    Column("outcome", String(16), nullable=False),
    Column("detail", Text),
    Column("counts", JSON),
)

predictions = Table(
    "predictions",
    RAW,
    Column("prediction_id", String(36), primary_key=True),
    Column("created_at", _Moment, nullable=False),
    Column("encounter_ref", String(64)),
    Column("inputs", JSON, nullable=False),
    Column("prediction", SmallInteger, nullable=False),
    Column("probability", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("model_name", String(128), nullable=False),
    Column("model_version", String(32), nullable=False),
    Column("dataset", String(16), nullable=False),
    Column("request_id", String(64)),
    Column("shadow_version", String(32)),
    Column("shadow_probability", Double),
    Column("shadow_threshold", Double),
    Index("predictions_created_at", "created_at"),
    Index("predictions_encounter_ref", "encounter_ref"),
)

forgotten = Table(
    "forgotten",
    RAW,
    Column("forgotten_id", _Key, primary_key=True, autoincrement=True),
    Column("asked_at", _Moment, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("digest", String(64)),
    Column("until", _Moment, nullable=False),
    Column("rows", Integer, nullable=False),
)

prepared_sets = Table(
    "prepared_sets",
    CLEAN,
    Column("prepared_id", _Key, primary_key=True, autoincrement=True),
    Column("created_at", _Moment, nullable=False),
    Column("load_id", _Key, nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("dataset", String(16), nullable=False),
    Column("target", String(8), nullable=False),
    Column("params", JSON, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("contract_version", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("current", Boolean, nullable=False),
)

encounters = Table(
    "encounters",
    CLEAN,
    Column("encounter_id", _Key, primary_key=True, autoincrement=False),
    Column("split", String(8), nullable=False),
    Column("row_id", _Key, nullable=False),
    Column("batch_id", Integer),
    Column("load_id", _Key, nullable=False),
)

experiments = Table(
    "experiments",
    CLEAN,
    Column("run_id", String(32), primary_key=True),
    Column("batch_id", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    *(
        Column(f"{split}_{metric}", Double, nullable=False)
        for split in ("val", "test")
        for metric in ("accuracy", "precision", "recall", "f1", "roc_auc", "brier")
    ),
    Column("threshold", Double, nullable=False),
    Column("created_at", _Moment, nullable=False),
)

leases = Table(
    "leases",
    CLEAN,
    Column("name", String(64), primary_key=True),
    Column("holder", String(255), nullable=False),
    Column("acquired_at", _Moment, nullable=False),
    Column("expires_at", _Moment, nullable=False),
    Column("dag_id", String(250)),
    Column("run_id", String(250)),
)

# The ledger of promotions. Rows are added and never changed: on MySQL nobody's account but the owner's may, on SQLite a
# trigger refuses it.
promotions = Table(
    "promotions",
    CLEAN,
    Column("promotion_id", _Key, primary_key=True, autoincrement=True),
    Column("happened_at", _Moment, nullable=False),
    Column("model", String(128), nullable=False),
    Column("action", String(16), nullable=False),
    Column("from_version", String(32)),
    Column("to_version", String(32)),
    Column("version_created", BigInteger),
    Column("by_whom", String(512), nullable=False),
    Column("reason", Text, nullable=False),
    Column("numbers", JSON, nullable=False),
    Index("promotions_model", "model", "happened_at"),
)

_REFUSE = "BEGIN SELECT RAISE(ABORT, 'promotions is append-only'); END"
# REPLACE deletes without asking the trigger of a deletion, so that a number that is taken is refused too.
APPEND_ONLY = (
    f"CREATE TRIGGER promotions_no_update BEFORE UPDATE ON promotions {_REFUSE}",
    f"CREATE TRIGGER promotions_no_delete BEFORE DELETE ON promotions {_REFUSE}",
    "CREATE TRIGGER promotions_no_replace BEFORE INSERT ON promotions "
    f"WHEN NEW.promotion_id IN (SELECT promotion_id FROM promotions) {_REFUSE}",
)
for _trigger in APPEND_ONLY:
    _made = DDL(_trigger)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    event.listen(promotions, "after_create", _made.execute_if(dialect="sqlite"))
