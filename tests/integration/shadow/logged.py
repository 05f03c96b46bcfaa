"""Logged predictions that a shadow scored too."""

from datetime import datetime, timedelta

from sqlalchemy import insert

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions

AT = datetime(2026, 11, 1, 12)
# A patient's, in every row.
NOTE = "GEHEIM-4711"


def add(settings: Settings, *scores: tuple[float, float | None], version: str = "1", shadow: str | None = "2") -> None:
    """Logs predictions, a minute after each other: answered at 0.3, the shadow's threshold being 0.5."""
    row = {"inputs": {"note": NOTE}, "encounter_ref": NOTE, "threshold": 0.3, "model_name": "m", "dataset": "real"}
    row |= {"model_version": version, "shadow_version": shadow, "shadow_threshold": None if shadow is None else 0.5}
    with engine_for(settings, "RAW_DATA").begin() as connection:
        for number, (answered, said) in enumerate(scores):
            own = {"prediction_id": f"{version}-{shadow}-{number}", "created_at": AT + timedelta(minutes=number)}
            own |= {"probability": answered, "prediction": int(answered >= 0.3), "shadow_probability": said}
            connection.execute(insert(predictions), {**row, **own})
