"""`RAW_DATA.loads`: each attempt to load a file, and what came of it."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, insert, select, update

from connections.mysql_connections import has_table
from connections.tables import loads
from readmission.clock import now
from readmission.dataset.csv_check import Dataset
from readmission.errors import ReadmissionError

RUNNING = "running"
SOURCE_LENGTH = 1024
DETAIL_LENGTH = 8_000


@dataclass(frozen=True)
class Load:
    """The rows in `initial_data`: which load brought them, from which file, and whether they are real."""

    load_id: int
    rows: int
    sha256: str
    dataset: Dataset
    outcome: Literal["loaded", "unchanged"]

    @property
    def mark(self) -> str:
        """What tells its rows from those of a load that was never recorded."""
        return f"load {self.load_id}"


def latest(engine: Engine) -> Load | None:
    """The last load that succeeded."""
    if not has_table(engine, loads.name):
        return None
    query = select(loads).where(loads.c.outcome == "loaded").order_by(loads.c.load_id.desc()).limit(1)
    with engine.connect() as connection:
        row = connection.execute(query).mappings().first()
    return Load(row["load_id"], row["rows"], row["sha256"], row["dataset"], "loaded") if row else None


def start(engine: Engine, source: str) -> int:
    """Records that an attempt begins, and that one that never ended failed; gives its load_id.

    Raises:
        ReadmissionError: the databases were not initialised.
    """
    if not has_table(engine, loads.name):
        raise ReadmissionError("RAW_DATA has no table `loads`: run crear_bases_si_no_existen first")
    with engine.begin() as connection:
        broken_off = update(loads).where(loads.c.outcome == RUNNING)
        connection.execute(broken_off.values(outcome="failed", finished_at=now(), detail="broken off"))
        row = {"source": source[:SOURCE_LENGTH], "started_at": now(), "outcome": RUNNING}
        key = connection.execute(insert(loads).values(row)).inserted_primary_key
        assert key is not None
        return int(key[0])


def name_source(engine: Engine, load_id: int, source: str) -> None:
    """Records where the file of an attempt came from, once that is known."""
    with engine.begin() as connection:
        connection.execute(update(loads).where(loads.c.load_id == load_id).values(source=source[:SOURCE_LENGTH]))


def finish_failed(connection: Connection, load_id: int, detail: str) -> None:
    """Records that an attempt changed nothing, and why."""
    _finish(connection, load_id, {"outcome": "failed", "detail": detail[:DETAIL_LENGTH]})


def finish(connection: Connection, load_id: int, load: Load) -> None:
    """Records which rows are in the table after an attempt, in the caller's transaction."""
    facts = {"rows": load.rows, "sha256": load.sha256, "dataset": load.dataset, "outcome": load.outcome}
    same = f"the same file as load {load.load_id}" if load.outcome == "unchanged" else None
    _finish(connection, load_id, {**facts, "detail": same})


def _finish(connection: Connection, load_id: int, values: dict[str, Any]) -> None:
    connection.execute(update(loads).where(loads.c.load_id == load_id).values(finished_at=now(), **values))
