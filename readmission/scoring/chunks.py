"""The rows of a result, chunk by chunk: while one is scored, the next is read."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial

import polars as pl

from connections.model_registry import RegisteredVersion
from readmission.dataset.csv_problems import Problems
from readmission.dataset.emptied_cells import EmptiedCells
from readmission.errors import InvalidFileError
from readmission.scoring.engines import Engine, Probabilities
from readmission.scoring.refusals import Refusals, told
from readmission.scoring.tables import Chunk, Table
from readmission.scoring.values import Values, read_values

_ROW = "row number"
_ERRORS = {_ROW: pl.UInt32, "error": pl.String}


class Results:
    """The results of a table, to be gone through once; what was found on the way is known after that.

    `report`: a refused row is given with its error; otherwise nothing is scored any more once one was found.
    """

    def __init__(self, table: Table, version: RegisteredVersion, engine: Engine, report: bool) -> None:
        self.rows = 0
        self.refused = 0
        self._table = table
        self._reads = table.kind.reads(table.columns)
        self._version = version
        self._engine = engine
        self._report = report
        self._refusals = Refusals(table.counted_in)
        self._emptied = EmptiedCells()

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Frames of the identifying columns, what was scored, and with `report` the error."""
        waiting: Callable[[], pl.DataFrame] | None = None
        for chunk in self._table.chunks():
            values = read_values(chunk.texts, self._table.kind, self._reads)
            self._note(chunk, values)
            if self.refused and not self._report:
                continue
            coming = partial(self._results, chunk, values, self._engine.begin(values.frame))
            if waiting is not None:
                yield self._counted(waiting())
            waiting = coming
        if waiting is not None:
            yield self._counted(waiting())

    def check(self, name: str) -> None:
        """Makes sure that the whole file could be read.

        Raises:
            InvalidFileError: a row was refused that is not reported, a cell has two readings, or there is no row.
        """
        if not self._report:
            self._refusals.check(name)
        problems = Problems()
        self._emptied.check(problems)
        if problems.total:
            raise InvalidFileError(f"{name}: {problems.first[0]}; nothing was written")
        if not self.rows:
            raise InvalidFileError(f"{name} has column names and no encounter")

    def remarks(self) -> Iterator[str]:
        """What a person should know of how the file was read."""
        yield f"columns were read as {self._table.kind.wanted.called}"
        yield from self._table.remarks
        lacking, used = self._table.kind.lacking(self._table.columns), self._engine.config.fields
        if usual := ", ".join(f"{name}={_plain(value)}" for name, value in lacking.items() if name in used):
            yield f"fields that the file does not tell have their defaults: {usual}"
        yield from self._emptied.remarks()

    def _note(self, chunk: Chunk, values: Values) -> None:
        found = [(int(chunk.places[one.row]), one.column, one.rule) for one in values.refusals]
        found += [(place, "", reason) for place, reason in chunk.broken]
        self._refusals.add(sorted(found))
        self.refused += len({place for place, *_ in found})
        if chunk.emptied.width:
            self._emptied.add(chunk.texts, chunk.emptied, chunk.places)

    def _counted(self, rows: pl.DataFrame) -> pl.DataFrame:
        self.rows += rows.height
        return rows

    def _results(self, chunk: Chunk, values: Values, scored: Callable[[], Probabilities]) -> pl.DataFrame:
        threshold = self._engine.config.threshold
        probability = pl.DataFrame({_ROW: values.rows, "probability": scored()})
        rows = pl.DataFrame({"place": chunk.places}).with_row_index(_ROW).hstack(chunk.identifying)
        rows = rows.join(probability, on=_ROW, how="left", maintain_order="left").with_columns(
            (pl.col("probability") >= threshold).cast(pl.Int8).alias("prediction"),
            pl.lit(threshold).alias("threshold"),
            pl.lit(self._version.name).alias("model_name"),
            pl.lit(self._version.version).alias("model_version"),
        )
        return (_with_errors(rows, chunk, values) if self._report else rows).drop(_ROW, "place")


def _with_errors(rows: pl.DataFrame, chunk: Chunk, values: Values) -> pl.DataFrame:
    """The rows with their errors, and those that are no rows in their places."""
    errors: defaultdict[int, list[str]] = defaultdict(list)
    for refusal in values.refusals:
        errors[refusal.row].append(told(refusal.column, refusal.reason))
    joined = pl.DataFrame([(row, "; ".join(said)) for row, said in errors.items()], schema=_ERRORS, orient="row")
    broken = pl.DataFrame(chunk.broken, schema={"place": pl.Int64, "error": pl.String}, orient="row")
    told_rows = rows.join(joined, on=_ROW, how="left", maintain_order="left")
    return pl.concat([told_rows, broken], how="diagonal").sort("place") if broken.height else told_rows


def _plain(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float) else value
