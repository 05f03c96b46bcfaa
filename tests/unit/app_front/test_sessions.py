"""Until when somebody is in."""

import pytest

from app_front.access.sessions import Sessions
from tests.unit.app_front.test_throttle import Clock

IDLE, LONGEST = 60.0, 600.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(IDLE, LONGEST, clock)


def test_use_keeps_it_open_and_idleness_ends_it_for_good(sessions: Sessions, clock: Clock) -> None:
    assert sessions.begin("a")
    for _ in range(5):
        clock.now += IDLE - 1
        assert sessions.use("a") == IDLE
    clock.now += IDLE
    assert sessions.seconds_left("a") == sessions.use("a") == sessions.seconds_left("a") == 0
    assert not sessions.begin("a")
    assert sessions.seconds_left("a") == 0


def test_it_ends_after_the_longest_time_however_it_is_used(sessions: Sessions, clock: Clock) -> None:
    sessions.begin("a")
    began = clock.now
    while clock.now < began + LONGEST:
        assert sessions.use("a") == min(IDLE, began + LONGEST - clock.now)
        clock.now += 50
    assert sessions.use("a") == 0


def test_who_logged_out_is_out_however_often_they_come_back(sessions: Sessions, clock: Clock) -> None:
    began = clock.now
    sessions.begin("a", began)
    sessions.end("a")
    for _ in range(30):
        sessions.begin("other")
        sessions.begin("a", began)
        assert sessions.seconds_left("a") == 0
        clock.now += LONGEST / 20


def test_a_log_in_of_earlier_counts_from_then(sessions: Sessions, clock: Clock) -> None:
    sessions.begin("fresh", clock.now - 10)
    assert sessions.seconds_left("fresh") == IDLE - 10
    sessions.begin("old", clock.now - IDLE)
    sessions.begin("of a clock that is ahead", clock.now + 1_000)
    assert sessions.seconds_left("old") == 0
    assert sessions.seconds_left("of a clock that is ahead") == IDLE
    assert sessions.seconds_left("unknown") == sessions.use("unknown") == 0
