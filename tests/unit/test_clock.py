"""The one clock is in UTC wherever the machine stands."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from readmission import clock


@pytest.fixture(autouse=True)
def _far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        yield
    time.tzset()


def test_now_is_utc_without_a_zone() -> None:
    before = time.time_ns()
    moment = clock.now()
    assert moment.tzinfo is None
    assert before // 1000 <= round(clock.epoch(moment) * 1_000_000) <= time.time_ns() // 1000 + 1


def test_a_moment_gets_the_zone_that_it_has() -> None:
    assert clock.zoned(datetime(2026, 1, 2, 3, 4)) == datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def test_the_epoch_is_counted_in_utc() -> None:
    assert clock.epoch(datetime(1970, 1, 2)) == 24 * 60 * 60
