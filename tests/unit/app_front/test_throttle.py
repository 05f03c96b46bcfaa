"""What wrong passwords cost, and whom."""

import threading

import pytest

from app_front.access.throttle import FORGOTTEN_SECONDS, FREE_OF_A_PAGE, FREE_OF_ALL, LONGEST_SECONDS, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


def test_each_further_wrong_one_doubles_a_pages_wait_up_to_a_minute(throttle: Throttle, clock: Clock) -> None:
    waits: list[float] = []
    while len(waits) < 8:
        if wait := throttle.try_again_in("a"):
            waits.append(wait)
            clock.now += wait
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_SECONDS, LONGEST_SECONDS]


def test_a_try_that_has_to_wait_is_not_counted(throttle: Throttle, clock: Clock) -> None:
    for _ in range(FREE_OF_A_PAGE):
        throttle.try_again_in("a")
    assert [throttle.try_again_in("a") for _ in range(50)] == [1.0] * 50
    clock.now += 1
    assert throttle.try_again_in("a") == 0


def test_a_fresh_page_for_each_try_gains_nothing(throttle: Throttle, clock: Clock) -> None:
    looked_at = 0
    for tenth in range(36_000):  # of a second: an hour of tries, each from a page of its own
        clock.now = 1_000 + tenth / 10
        looked_at += throttle.try_again_in(f"page {tenth}") == 0
    assert looked_at <= FREE_OF_ALL + 6 + 60


def test_who_is_right_takes_back_their_own_alone(throttle: Throttle, clock: Clock) -> None:
    for number in range(FREE_OF_ALL):
        throttle.try_again_in(f"page {number}")
    clock.now += throttle.try_again_in("ward")
    assert throttle.try_again_in("ward") == 0
    throttle.was_right("ward")
    assert throttle.wrong == FREE_OF_ALL
    assert throttle.try_again_in("another") > 0


def test_it_is_forgotten_after_a_quarter_of_an_hour(throttle: Throttle, clock: Clock) -> None:
    for number in range(FREE_OF_ALL):
        throttle.try_again_in(f"page {number}")
    assert throttle.try_again_in("a") > 0
    clock.now += FORGOTTEN_SECONDS
    assert [throttle.try_again_in(f"page {number}") for number in range(FREE_OF_ALL)] == [0.0] * FREE_OF_ALL


def test_tries_at_the_same_moment_are_counted_too(throttle: Throttle) -> None:
    passed, ready = [], threading.Barrier(30)

    def attempt(number: int) -> None:
        ready.wait()
        passed.append(throttle.try_again_in(f"page {number}"))

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(0.0) == FREE_OF_ALL
