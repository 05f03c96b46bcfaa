"""`RAW_DATA.loads`: each attempt to load a file, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, Select, insert, inspect, select, update

from connections.mysql_connections import has_table, is_sqlite
from connections.tables import loads
from readmission.clock import now
from readmission.dataset.csv_check import ColumnCounts, Dataset
from readmission.errors import NotMigratedError, UndoError
from readmission.storage.schema import how

RUNNING, LOADED, UNDONE = "running", "loaded", "undone"
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
    """The last load that succeeded and was not undone; the table may be as an earlier version made it."""
    found = _loaded(engine, loads.c.outcome == LOADED)
    return _load(found[0]) if found else None


def undoable(engine: Engine) -> tuple[Load, Load]:
    """The last load, and the one before it whose rows it replaced.

    Raises:
        UndoError: there is no such pair; the message says why.
    """
    changes = _loaded(engine, loads.c.outcome.in_((LOADED, UNDONE)))
    if not changes:
        raise UndoError("nothing was loaded yet, so there is nothing to undo")
    newest, *before = changes
    former = next((_load(row) for row in before if row.outcome == LOADED), None)
    if newest.outcome == UNDONE:
        there = f"the rows of load {former.load_id} are there" if former else "no load is there"
        raise UndoError(
            f"load {newest.load_id} was undone already and {there}; an undo goes back once, until the next load"
        )
    if former is None:
        raise nothing_kept(newest.load_id)
    return _load(newest), former


def nothing_kept(load_id: int) -> UndoError:
    """The error of an undo that finds no replaced rows."""
    return UndoError(f"no rows are kept that load {load_id} replaced, so there is nothing to bring back")


def _loaded(engine: Engine, which: Any) -> Sequence[Row[Any]]:
    if not has_table(engine, loads.name):
        return []
    columns = (loads.c[name] for name in ("load_id", "rows", "sha256", "dataset", "outcome"))
    query: Select[Any] = select(*columns).where(which).order_by(loads.c.load_id.desc())
    with engine.connect() as connection:
        return connection.execute(query).all()


def _load(row: Row[Any]) -> Load:
    return Load(row.load_id, row.rows, row.sha256, row.dataset, "loaded")


def source_of(engine: Engine, load_id: int) -> str:
    """What the file of a load was called."""
    with engine.connect() as connection:
        return str(connection.execute(select(loads.c.source).where(loads.c.load_id == load_id)).scalar_one())


def counts_of(engine: Engine, load_id: int) -> dict[str, ColumnCounts]:
    """What became missing or `other` in a load, by column; nothing of a load by a version that did not count."""
    with engine.connect() as connection:
        counts = connection.execute(select(loads.c.counts).where(loads.c.load_id == load_id)).scalar_one()
    return {column: ColumnCounts(**of_column) for column, of_column in (counts or {}).items()}


def _columns(engine: Engine) -> set[str]:
    if not has_table(engine, loads.name):
        return set()
    return {column["name"] for column in inspect(engine).get_columns(loads.name)}


def start(engine: Engine, source: str) -> int:
    """Records that an attempt begins, and that one that never ended failed; gives its load_id.

    Raises:
        NotMigratedError: the databases were not initialised.
    """
    there = _columns(engine)
    if not set(loads.columns.keys()) <= there:
        what = "a table `loads` of an earlier version" if there else "no table `loads`"
        raise NotMigratedError(f"RAW_DATA has {what}: {how(not is_sqlite(engine))}")
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
    """Records that an attempt changed nothing, and why; one that has ended keeps its record."""
    _finish(connection, load_id, {"outcome": "failed", "detail": detail[:DETAIL_LENGTH]})


def finish_loaded(
    connection: Connection, load: Load, remarks: Sequence[str], counts: Mapping[str, ColumnCounts]
) -> None:
    """Records the rows that an attempt puts in the table, in the caller's transaction."""
    values = {"rows": load.rows, "sha256": load.sha256, "dataset": load.dataset, "outcome": LOADED}
    by_column = {column: vars(of_column) for column, of_column in counts.items()}
    _finish(
        connection,
        load.load_id,
        {**values, "detail": "\n".join(remarks)[:DETAIL_LENGTH] or None, "counts": by_column},
    )


def finish_unchanged(connection: Connection, load_id: int, current: Load) -> None:
    """Records that the file of an attempt is the one that is loaded."""
    values = {"rows": current.rows, "sha256": current.sha256, "dataset": current.dataset, "outcome": "unchanged"}
    _finish(connection, load_id, {**values, "detail": f"the same file as load {current.load_id}"})


def _finish(connection: Connection, load_id: int, values: dict[str, Any]) -> None:
    mine = (loads.c.load_id == load_id) & (loads.c.outcome == RUNNING)
    connection.execute(update(loads).where(mine).values(finished_at=now(), **values))


def record_undone(connection: Connection, undone: Load, former: Load) -> None:
    """Adds to a load's record that the rows it replaced are back, in the caller's transaction."""
    mine = loads.c.load_id == undone.load_id
    said = connection.execute(select(loads.c.detail).where(mine)).scalar_one()
    added = f"undone at {now():%Y-%m-%d %H:%M:%S} UTC: the rows of load {former.load_id} are back"
    # Longer than a detail's limit, but within the column: what was said stays whole.
    detail = f"{said}\n{added}" if said else added
    connection.execute(update(loads).where(mine).values(outcome=UNDONE, detail=detail))
