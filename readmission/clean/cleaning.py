"""Turns raw encounters into the contract's values, as one lazy Polars plan."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import polars as pl
import pyarrow.compute as pc
from numpy.typing import NDArray

from readmission.clean.history import with_history, without_history
from readmission.features import PREPARED_FIELDS, TARGET_COLUMN, Field
from readmission.params import Target

_POSITIVE: dict[Target, tuple[str, ...]] = {"lt30": ("<30",), "any": ("<30", ">30")}


def clean(raw: pl.LazyFrame, target: Target, *, history: bool = False) -> pl.LazyFrame:
    """Encounters that can be readmitted, one row each, in the contract's values.

    Columns: `encounter_id`, `patient_nbr`, `target` (0/1), then one a prepared field (numbers Float64, else String).
    Encounters that the contract excludes (invalid gender, an end in death or hospice) are left out. `history`: with
    what each patient's earlier encounters tell, of patients whose order does not contradict itself; else blank.

    Raises:
        FieldError: a value that the contract does not know (raised when the plan is collected).
    """
    told = with_history(raw) if history else without_history(raw)
    eligible = told.filter(~_text(field).is_in(sorted(field.excluded)) for field in PREPARED_FIELDS if field.excluded)
    return eligible.select(
        pl.col("encounter_id").cast(pl.Int64),
        pl.col("patient_nbr").cast(pl.Int64),
        pl.col(TARGET_COLUMN).is_in(_POSITIVE[target]).cast(pl.Int8).alias("target"),
        *values((field, field.source, field.from_source) for field in PREPARED_FIELDS if field.source),
        *(field.name for field in PREPARED_FIELDS if field.history),
    )


# A field, the column that it is read from, and what reads a text of that.
Read = tuple[Field, str, Callable[[str], str | float]]


def values(reads: Iterable[Read]) -> Iterator[pl.Expr]:
    """The contract's values of some fields, each under the field's name: numbers Float64, else String.

    Raises:
        FieldError: a value that the contract does not know (raised when the plan is collected).
    """
    for field, column, read in reads:
        dtype = pl.Float64 if field.kind == "number" else pl.String
        text = pl.col(column).cast(pl.String)
        yield text.map_batches(_reader(read, dtype), return_dtype=dtype).alias(field.name)


def coded(texts: pl.Series) -> tuple[list[str], NDArray[np.int32]]:
    """The distinct texts, and for each row, shape (rows,), which of them it has: one look at each row, not two."""
    encoded = pc.dictionary_encode(texts.to_arrow(), null_encoding="encode")
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy()


def _text(field: Field) -> pl.Expr:
    return pl.col(str(field.source)).cast(pl.String)


def _reader(read: Callable[[str], str | float], dtype: type[pl.DataType]) -> Callable[[pl.Series], pl.Series]:
    """Reads each distinct text once, with the same function that tests and documents the field."""

    def read_all(texts: pl.Series) -> pl.Series:
        distinct, places = coded(texts)
        return pl.Series([read(text) for text in distinct], dtype=dtype).gather(places)

    return read_all
