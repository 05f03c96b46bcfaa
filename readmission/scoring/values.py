"""Turns the texts of a chunk into the model's values, and says of each row that cannot be why."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import polars as pl

from readmission.clean.cleaning import Read, values
from readmission.features import BY_NAME, FIELDS, MODEL_FIELDS, FieldError
from readmission.scoring.columns import Kind

_MODEL = tuple(field.name for field in MODEL_FIELDS)
_DECIDING = tuple(field for field in FIELDS if field.decides is not None)


class Refusal(NamedTuple):
    """A cell that the contract refuses: the row's number in the chunk, the column, and why.

    `reason` quotes it, for the file of results; `rule` does not, for what a terminal or a log shows.
    """

    row: int
    column: str
    reason: str
    rule: str


class Values(NamedTuple):
    """The model's fields of the rows that have them, which rows of the chunk those are, and the others' refusals."""

    frame: pl.DataFrame
    rows: pl.Series
    refusals: list[Refusal]


def read_values(texts: pl.DataFrame, kind: Kind, reads: Sequence[Read]) -> Values:
    """Reads a chunk by the contract's own plan; `reads` are what the kind reads of its columns."""
    numbered = texts.with_row_index("row number")
    refusals: list[Refusal] = []
    try:
        read = _planned(numbered, reads)
    except FieldError:
        refusals = _refused(texts, reads)
        read = _planned(numbered.filter(~pl.col("row number").is_in({one.row for one in refusals})), reads)
    if kind.name == "request":
        read, contradicting = _decided(read, texts)
        refusals += contradicting
    usual = [pl.lit(value).alias(name) for name, value in kind.lacking(texts.columns).items() if name not in read]
    whole = read.with_columns(usual)
    return Values(whole.select(_MODEL), read["row number"], refusals)


def _planned(numbered: pl.DataFrame, reads: Sequence[Read]) -> pl.DataFrame:
    return numbered.lazy().select("row number", *values(reads)).collect()


def _refused(texts: pl.DataFrame, reads: Sequence[Read]) -> list[Refusal]:
    """Every refused cell, once where two fields are read from it."""
    found: dict[tuple[int, str], Refusal] = {}
    for _field, column, read in reads:
        reasons = {text: error for text in texts[column].unique() if (error := _refusal(read, text))}
        for row in texts[column].is_in(list(reasons)).arg_true() if reasons else ():
            error = reasons[texts[column][row]]
            found.setdefault((row, column), Refusal(row, column, error.reason, error.rule))
    return list(found.values())


def _refusal(read: Callable[[str], str | float], text: str) -> FieldError | None:
    try:
        read(text)
    except FieldError as error:
        return error
    return None


def _decided(read: pl.DataFrame, texts: pl.DataFrame) -> tuple[pl.DataFrame, list[Refusal]]:
    """The rows with the groups that their raw codes decide, as `features.complete_request` does; and contradictions."""
    refusals: list[Refusal] = []
    for code in (field for field in _DECIDING if field.name in read):
        group = BY_NAME[str(code.decides)]
        decided = read[code.name].replace_strict(group.groups, default=None, return_dtype=pl.String)
        if group.name in read:
            sent = texts[group.name][read["row number"]]
            for place in ((sent != "") & (sent != decided)).fill_null(False).arg_true():
                meant = f"{code.name} {read[code.name][place]!r}, which means {decided[place]!r}"
                reason = f"{sent[place]!r} contradicts {meant}; give one of them"
                rule = f"contradicts {code.name}; give one of them"
                refusals.append(Refusal(int(read["row number"][place]), group.name, reason, rule))
        own = pl.col(group.name) if group.name in read else pl.lit(group.default)
        read = read.with_columns(pl.coalesce(decided, own).alias(group.name))
    return read.filter(~pl.col("row number").is_in([one.row for one in refusals])), refusals
