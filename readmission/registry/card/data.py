"""What a card says of the data: who was loaded, left out and split, and which fields were not known."""

from collections.abc import Mapping

import pandas as pd
from sqlalchemy import select

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import loads
from readmission.clean.prepared_sets import PreparedSet
from readmission.features import PREPARED_FIELDS
from readmission.registry.card.shapes import Flow, SplitFlow


def flow_of(settings: Settings, prepared: PreparedSet, data: Mapping[str, pd.DataFrame]) -> Flow:
    """The way from the load's rows to the splits, whose prepared rows `data` holds."""
    loaded = _loaded_rows(settings, prepared.load_id)
    splits = {
        split: SplitFlow(rows=len(rows), patients=rows["patient"].nunique(), positives=int(rows["target"].sum()))
        for split, rows in data.items()
    }
    kept = sum(prepared.rows.values())
    return Flow(loaded=loaded, excluded=None if loaded is None else loaded - kept, splits=splits)


def missing_of(train: pd.DataFrame, history: bool) -> dict[str, float]:
    """The share of train rows in which each field that may be missing is, the largest first.

    `history`: also of what is told of earlier stays; without, all of that is blank.
    """
    told = (field for field in PREPARED_FIELDS if field.missing and (history or not field.history))
    shares = {field.name: float((train[field.name] == field.missing).mean()) for field in told}
    return dict(sorted(shares.items(), key=lambda each: -each[1]))


def _loaded_rows(settings: Settings, load_id: int) -> int | None:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return connection.execute(select(loads.c.rows).where(loads.c.load_id == load_id)).scalar_one_or_none()
