"""Writes what was scored: a row an encounter as CSV or Parquet, and beside it which model it was."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

import polars as pl
import pyarrow.parquet as pq
from pydantic import BaseModel

from readmission.clock import Moment
from readmission.errors import DiskFullError, ResultExistsError
from readmission.printable import printable

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ModelRecord(BaseModel):
    """`OUT.model.json`: which model scored what, and when. Times are UTC; `refused` rows have an error each."""

    model_name: str
    model_version: str
    run_id: str
    dataset: str
    target: str
    threshold: float
    contract_version: str
    engine: str
    input: str
    input_sha256: str
    input_columns: str
    remarks: list[str]
    rows: int
    refused: int
    output_sha256: str
    scored_at: Moment
    code_revision: str


def record_of(out: Path) -> Path:
    """Where the record beside a result is."""
    return out.with_name(f"{out.name}.model.json")


def check_place(source: Path, out: Path, overwrite: bool) -> None:
    """Makes sure that a result may be written to its place.

    Raises:
        ResultExistsError: it is the input itself, or there already and not to be overwritten.
    """
    if out.exists() and source.exists() and out.samefile(source):
        raise ResultExistsError(f"{printable(str(out))} is the file to score: name another one to write")
    for place in (out, record_of(out)):
        if place.is_dir():
            raise ResultExistsError(f"{printable(str(place))} is a folder: name a file")
        if place.exists() and not overwrite:
            raise ResultExistsError(f"{printable(str(place))} exists: name another file, or add --overwrite")


class Writer(Protocol):
    """Writes chunks of rows."""

    def write(self, rows: pl.DataFrame) -> None:
        """Adds some rows; all have the same columns."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Ends the file."""
        ...


def writer_to(part: Path, out: Path) -> Writer:
    """A writer of the kind that the result's name says, to a temporary file."""
    return CsvWriter(part) if out.suffix.lower() == ".csv" else ParquetWriter(part)


class CsvWriter:
    """A CSV in UTF-8."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._header = True

    def write(self, rows: pl.DataFrame) -> None:
        """Adds some rows."""
        # Polars, writing by itself, does not say in a way that can be told that a disk is full.
        self._file.write(rows.write_csv(include_header=self._header).encode())
        self._header = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._file.close()


class ParquetWriter:
    """A Parquet file, a row group a chunk."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._writer: pq.ParquetWriter | None = None

    def write(self, rows: pl.DataFrame) -> None:
        """Adds some rows."""
        table = rows.to_arrow()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table.cast(self._writer.schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with self._file:
            if self._writer is not None and kind is None:
                self._writer.close()


@contextmanager
def disk_told(out: Path) -> Iterator[None]:
    """Says in a line that the disk is full.

    Raises:
        DiskFullError: it is; nothing is left of the result.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        raise DiskFullError(
            f"the disk is full: {printable(out.name)} does not fit into the folder {printable(str(out.parent))}; "
            "nothing was written. Free space there, or name a file on a larger disk"
        ) from error
