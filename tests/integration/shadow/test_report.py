"""The report over logged predictions: figures that were worked out by hand, and what it says where there are none."""

from datetime import datetime, timedelta

import pytest

from connections.settings import Settings
from readmission.shadow.comparison import NoShadowError, report
from readmission.storage import rows
from readmission.storage.databases import initialise
from tests.integration.shadow.logged import AT, add


@pytest.fixture
def settings(database_settings: Settings) -> Settings:
    initialise(database_settings)
    return database_settings


def test_the_figures_are_those_of_the_rows_that_both_scored(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "READ_ROWS", 2)
    add(settings, (0.1, 0.2), (0.2, 0.6), (0.4, 0.5), (0.5, 0.3), (0.9, None))
    add(settings, (0.7, None), shadow=None)
    (found,) = report(settings).comparisons
    assert found.model_dump(exclude={"low", "high", "first", "last"}) == pytest.approx(
        {
            "model_name": "m",
            "version": "1",
            "shadow_version": "2",
            "predictions": 4,
            "not_scored": 1,
            "mean": 0.3,
            "shadow_mean": 0.4,
            "difference": 0.1,
            "alert_rate": 0.5,
            "shadow_alert_rate": 0.5,
            "alert_differs": 0.5,
            "both_alert": 1,
            "only_answer_alerts": 1,
            "only_shadow_alerts": 1,
            "rank_correlation": 0.2,
        }
    )
    assert (found.first, found.last) == (AT, AT + timedelta(minutes=3))
    assert -0.2 <= found.low < 0.1 < found.high <= 0.4, "no resample is beyond the differences"


def test_the_interval_is_that_of_a_mean(settings: Settings) -> None:
    add(settings, *((0.2, 0.2 + 0.1 * (number % 2)) for number in range(400)))
    (found,) = report(settings).comparisons
    half = 1.96 * 0.05 / 400**0.5
    assert (found.difference - found.low, found.high - found.difference) == pytest.approx((half, half), rel=0.25)
    assert found.rank_correlation is None, "the answer is the same each time"


def test_each_pair_is_compared_alone_in_the_order_of_time(settings: Settings) -> None:
    add(settings, (0.1, 0.1), version="10", shadow="2")
    later = datetime(2026, 11, 1, 12, 1)
    add(settings, (0.1, 0.1), (0.2, 0.3), version="9", shadow="11")
    told = [(one.version, one.shadow_version, one.predictions) for one in report(settings).comparisons]
    assert sorted(told) == [("10", "2", 1), ("9", "11", 2)]
    assert [(one.version, one.predictions) for one in report(settings, later).comparisons] == [("9", 1)]


def test_where_nothing_was_scored_it_says_how_to_begin(settings: Settings) -> None:
    add(settings, (0.1, None), shadow=None)
    with pytest.raises(NoShadowError, match=r"by a shadow yet: set SHADOW_ALIAS=challenger for the prediction service"):
        report(settings)
    add(settings, (0.1, None), (0.2, None))
    with pytest.raises(NoShadowError, match="could score none of 2 predictions yet: the service's log names the error"):
        report(settings)
    with pytest.raises(NoShadowError, match="no prediction was scored by a shadow since 2026-11-02 00:00:00 UTC: set"):
        report(settings, datetime(2026, 11, 2))
