"""Reads a file of encounters chunk by chunk, all as text, so that memory does not grow with the file."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from readmission.dataset.csv_columns import LEFT_OUT, check_columns, read_as
from readmission.dataset.csv_layout import as_text, read_header, read_layout
from readmission.dataset.csv_problems import MOST_BROKEN_LINES
from readmission.dataset.csv_reader import Block, read_blocks
from readmission.dataset.emptied_cells import filled
from readmission.dataset.obtained import check_file_there
from readmission.errors import InvalidFileError
from readmission.features import MODEL_FIELDS
from readmission.scoring.columns import IDENTIFYING, kind_of

CHUNK_ROWS = 16_000
KINDS_OF_FILE = (".csv", ".parquet")
_HASHED_BYTES = 1 << 20


@dataclass(frozen=True)
class Chunk:
    """Some rows: the wanted columns as text, the identifying ones as they are, and each row's place in the file.

    A place is a line of a CSV or a row of a Parquet file. `emptied` tells which cells were empty and are filled;
    `broken` are the places that hold no row, and why.
    """

    texts: pl.DataFrame
    identifying: pl.DataFrame
    emptied: pl.DataFrame
    places: NDArray[np.int64]
    broken: tuple[tuple[int, str], ...] = ()


def open_table(path: Path) -> "Table":
    """The table in a CSV or Parquet file.

    Raises:
        SourceError: there is no such file.
        InvalidFileError: it is neither, has no column that the model uses, or no row.
    """
    check_file_there(path)
    if path.suffix.lower() not in KINDS_OF_FILE:
        raise InvalidFileError(
            f"{path.name} is named neither .csv nor .parquet: unpack an archive, and save a workbook as CSV UTF-8"
        )
    table = CsvTable(path) if path.suffix.lower() == ".csv" else ParquetTable(path)
    if len(table.kind.lacking(table.columns)) == len(MODEL_FIELDS):
        raise InvalidFileError(f"{path.name} has no column that the model uses, only {', '.join(table.columns)}")
    return table


class CsvTable:
    """The encounters of a CSV, in any layout that the data set's own may have; a place is a line."""

    counted_in = "line"

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file, as_text(file, path.name) as text:
            header = read_header(text, path.name)
        self.kind = kind_of(header.given, header.row)
        with path.open("rb") as file, as_text(file, path.name) as text:
            layout = read_layout(text, path.name, self.kind.wanted)
        self.columns = tuple(column for column in layout.columns if column != LEFT_OUT)
        self.remarks = layout.remarks

    def rows(self, lines: int) -> int:
        """About how many rows there are, in a file of so many line ends."""
        return max(lines - 1, 1)

    def chunks(self) -> Iterator[Chunk]:
        """The rows, several of the reader's blocks at a time."""
        waiting: list[Block] = []
        for block in read_blocks(self._path, wanted=self.kind.wanted):
            if len(block.broken) > MOST_BROKEN_LINES:
                raise InvalidFileError(f"{self._path.name} is another file, or damaged: {block.broken[0]}, and on")
            waiting.append(block)
            if sum(len(block.lines) for block in waiting) >= CHUNK_ROWS:
                yield _joined(waiting)
                waiting = []
        if waiting:
            yield _joined(waiting)


def _joined(blocks: list[Block]) -> Chunk:
    texts = pl.concat([block.frame for block in blocks])
    broken = tuple((one.line, f"{one.allowed}") for block in blocks for one in block.broken)
    return Chunk(
        texts,
        texts.select(_identifying(texts)),
        pl.concat([block.emptied for block in blocks]),
        np.concatenate([block.lines for block in blocks]),
        broken,
    )


class ParquetTable:
    """The encounters of a Parquet file, whatever types its columns have."""

    counted_in = "row"

    def __init__(self, path: Path) -> None:
        self._path = path
        with _readable(path), pq.ParquetFile(path) as file:
            given = list(file.schema_arrow.names)
            first = next(file.iter_batches(batch_size=1), None)
            self._rows = int(file.metadata.num_rows)
        if first is None or not first.num_rows:
            raise InvalidFileError(f"{path.name} has no encounter")
        row = _texts(_frame(first, path.name)).row(0)
        self.kind = kind_of(given, row)
        read = tuple(read_as(name, self.kind.wanted) for name in given)
        check_columns(read, given, path.name, self.kind.wanted)
        self._read_as = {name: as_ for name, as_ in zip(given, read, strict=True) if as_ != LEFT_OUT}
        self.columns = tuple(self._read_as.values())
        unknown = ", ".join(repr(name) for name in given if name not in self._read_as)
        said = f"columns that are none of {self.kind.wanted.called} were not read: {unknown}"
        self.remarks = (said,) if unknown else ()

    def rows(self, lines: int) -> int:  # noqa: ARG002
        """How many rows there are."""
        return self._rows

    def chunks(self) -> Iterator[Chunk]:
        """The rows, a batch at a time."""
        first = 1
        with _readable(self._path), pq.ParquetFile(self._path) as file:
            for batch in file.iter_batches(batch_size=CHUNK_ROWS, columns=list(self._read_as)):
                yield self._chunk(_frame(batch, self._path.name).rename(self._read_as), first)
                first += batch.num_rows

    def _chunk(self, frame: pl.DataFrame, first: int) -> Chunk:
        texts = _texts(frame)
        texts, emptied = filled(texts) if self.kind.wanted.filled else (texts, pl.DataFrame())
        places = np.arange(first, first + frame.height, dtype=np.int64)
        return Chunk(texts, frame.select(_identifying(frame)), emptied, places)


Table = CsvTable | ParquetTable


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except pa.ArrowException as error:
        raise InvalidFileError(f"{path.name} is no Parquet file, or damaged; write it again") from error


def _frame(batch: pa.RecordBatch, name: str) -> pl.DataFrame:
    frame = pl.DataFrame(pl.from_arrow(batch))
    odd = [column for column, kind in frame.schema.items() if kind.is_nested() or kind in (pl.Binary, pl.Object)]
    if odd:
        raise InvalidFileError(f"{name}: column {odd[0]!r} holds neither text nor numbers")
    return frame


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """All columns as text; a whole number is one also where its column has room for parts, and null is blank."""
    whole = (
        pl.when(pl.col(name) == pl.col(name).round()).then(pl.col(name).cast(pl.Int64, strict=False).cast(pl.String))
        .otherwise(pl.col(name).cast(pl.String)).alias(name)
        for name, kind in frame.schema.items()
        if kind.is_float()
    )  # fmt: skip
    return frame.with_columns(whole).select(pl.all().cast(pl.String).fill_null(""))


def _identifying(frame: pl.DataFrame) -> list[str]:
    return [name for name in IDENTIFYING if name in frame.columns]


def sha256_and_lines(path: Path) -> tuple[str, int]:
    """A file's sha256, in hexadecimal, and how many line ends it has."""
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_HASHED_BYTES):
            digest.update(block)
            lines += block.count(b"\n")
    return digest.hexdigest(), lines
