"""The predictions that two versions scored, from `RAW_DATA.predictions` alone, and of each what a comparison needs."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import ColumnElement, func, select

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.storage.rows import streamed

_ROW = predictions.c
_PAIR = _ROW.model_name, _ROW.model_version, _ROW.shadow_version
_THRESHOLD = func.coalesce(_ROW.shadow_threshold, _ROW.threshold)
_COLUMNS = {
    "created_at": (_ROW.created_at, pl.Datetime("us")),
    "probability": (_ROW.probability, pl.Float64()),
    "shadow_probability": (_ROW.shadow_probability, pl.Float64()),
    "alert": (_ROW.prediction == 1, pl.Boolean()),
    "shadow_alert": (_ROW.shadow_probability >= _THRESHOLD, pl.Boolean()),
}


class Pair(NamedTuple):
    """A version that answered, and the shadow beside it."""

    model_name: str
    version: str
    shadow_version: str


def scored_by_both(settings: Settings, since: datetime | None) -> dict[Pair, pl.DataFrame]:
    """Of each pair the predictions that both scored: `created_at`, the two probabilities and the two alerts.

    They are streamed, and 26 bytes are kept of each.
    """
    query = select(*_PAIR, *(column.label(name) for name, (column, _) in _COLUMNS.items()))
    schema = {column.name: pl.String() for column in _PAIR} | {name: kind for name, (_, kind) in _COLUMNS.items()}
    parts: dict[Pair, list[pl.DataFrame]] = defaultdict(list)
    query = query.where(_ROW.shadow_probability.is_not(None), *_of_the_time(since))
    for frame in streamed(engine_for(settings, "RAW_DATA"), query, schema):
        keyed = frame.partition_by([column.name for column in _PAIR], as_dict=True, include_key=False)
        for key, part in keyed.items():
            parts[Pair(*key)].append(part)
    return {pair: pl.concat(found) for pair, found in parts.items()}


def not_scored(settings: Settings, since: datetime | None) -> dict[Pair, int]:
    """Of each pair how many predictions the shadow could not score, where there are any."""
    missing = _ROW.shadow_version.is_not(None), _ROW.shadow_probability.is_(None), *_of_the_time(since)
    query = select(*_PAIR, func.count()).where(*missing).group_by(*_PAIR)
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return {Pair(*row[:3]): row[3] for row in connection.execute(query)}


def _of_the_time(since: datetime | None) -> list[ColumnElement[bool]]:
    return [] if since is None else [_ROW.created_at >= since]
