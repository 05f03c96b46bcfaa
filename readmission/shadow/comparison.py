"""Where a shadow differs from the version that answered. Outcomes are not known: no figure says which is better."""

from datetime import datetime
from typing import Annotated

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from connections.settings import Settings
from readmission.clock import Moment
from readmission.errors import ReadmissionError
from readmission.shadow.pairs import Pair, not_scored, scored_by_both

RESAMPLES = 400
LIMITS = (
    "Outcomes are not known here: this tells where two versions differ, and not which of them is better. "
    "The interval is a bootstrap over predictions; a patient who was predicted twice counts twice."
)
_Share = Annotated[float, Field(ge=0, le=1)]


class NoShadowError(ReadmissionError):
    """No logged prediction was scored by a shadow."""


class Comparison(BaseModel):
    """A version and its shadow on the predictions that both scored."""

    model_name: str
    version: str
    shadow_version: str
    predictions: int
    not_scored: Annotated[int, Field(description="predictions that the shadow could not score")]
    first: Moment
    last: Moment
    mean: Annotated[_Share, Field(description="mean probability that was answered")]
    shadow_mean: Annotated[_Share, Field(description="mean probability of the shadow")]
    difference: Annotated[float, Field(description="mean of shadow minus answer")]
    low: Annotated[float, Field(description="lower end of the difference's 95 % interval")]
    high: Annotated[float, Field(description="upper end of it")]
    alert_rate: _Share
    shadow_alert_rate: Annotated[_Share, Field(description="at the shadow's own threshold")]
    alert_differs: Annotated[_Share, Field(description="share of the predictions where one alerts alone")]
    both_alert: int
    only_answer_alerts: int
    only_shadow_alerts: int
    rank_correlation: Annotated[float | None, Field(description="Spearman's; null where one of them is constant")]


class Report(BaseModel):
    """Every pair of versions, in the order of time, and what the figures do not say."""

    comparisons: list[Comparison]
    limits: str = LIMITS


def report(settings: Settings, since: datetime | None = None) -> Report:
    """Compares each pair of versions over the predictions since a moment (UTC), or all that are kept.

    Raises:
        NoShadowError: no shadow scored any.
    """
    missing = not_scored(settings, since)
    found = [compared(pair, rows, missing.get(pair, 0)) for pair, rows in scored_by_both(settings, since).items()]
    if not found:
        raise NoShadowError(_nothing(sum(missing.values()), since))
    return Report(comparisons=sorted(found, key=lambda one: one.first))


def compared(pair: Pair, rows: pl.DataFrame, missing: int = 0) -> Comparison:
    """A pair's figures; `rows` as `scored_by_both` gives them, at least one."""
    answered, shadow = rows["probability"].to_numpy(), rows["shadow_probability"].to_numpy()
    alert, shadow_alert = rows["alert"].to_numpy(), rows["shadow_alert"].to_numpy()
    low, high = interval(shadow - answered)
    return Comparison(
        **pair._asdict(),
        predictions=len(rows),
        not_scored=missing,
        first=rows["created_at"].min(),
        last=rows["created_at"].max(),
        mean=answered.mean(),
        shadow_mean=shadow.mean(),
        difference=(shadow - answered).mean(),
        low=low,
        high=high,
        alert_rate=alert.mean(),
        shadow_alert_rate=shadow_alert.mean(),
        alert_differs=(alert != shadow_alert).mean(),
        both_alert=(alert & shadow_alert).sum(),
        only_answer_alerts=(alert & ~shadow_alert).sum(),
        only_shadow_alerts=(~alert & shadow_alert).sum(),
        rank_correlation=_rank_correlation(rows),
    )


def interval(differences: NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of differences, shape (rows,)."""
    random, count = np.random.default_rng(0), len(differences)
    means = [differences[random.integers(count, size=count)].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _rank_correlation(rows: pl.DataFrame) -> float | None:
    found = rows.select(pl.corr("probability", "shadow_probability", method="spearman")).item()
    return None if found is None or np.isnan(found) else float(found)


def _nothing(missing: int, since: datetime | None) -> str:
    when = "yet" if since is None else f"since {since} UTC"
    if missing:
        return f"the shadow could score none of {missing:,} predictions {when}: the service's log names the error"
    return (
        f"no prediction was scored by a shadow {when}: set SHADOW_ALIAS=challenger for the prediction service and "
        "start it again; shadow_problem of GET /model says why nothing is scored"
    )
