"""A row."""

from datetime import datetime
from typing import NamedTuple


class LoggedRow(NamedTuple):
    """A row."""

    prediction_id: str
    created_at: datetime
    encounter_ref: str | None
    inputs: str
    prediction: int
    probability: float
    threshold: float
    model_name: str
    model_version: str
    dataset: str
    request_id: str | None
