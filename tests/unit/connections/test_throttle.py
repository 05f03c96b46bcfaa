"""Guesses are counted by account and address, for a minute, in a memory that has an end."""

from itertools import count

import pytest

from connections.throttle import REMEMBERED, SECONDS, TRIES, Throttle

WHO = ("api", "10.0.0.1")


class Clock:
    """A clock that a test moves."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_try_is_possible_again_a_minute_after_the_first_of_ten() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(TRIES + 2):
        waits.append(throttle.try_again_in(WHO))
        clock.now += 1
    assert waits == [0.0] * TRIES + [SECONDS - TRIES, SECONDS - TRIES - 1]
    clock.now = 1_000.0 + SECONDS
    assert throttle.try_again_in(WHO) == 0.0 and throttle.try_again_in(WHO) == 1.0


@pytest.mark.parametrize("other", [("api", "10.0.0.2"), ("pipeline", "10.0.0.1")])
def test_other_accounts_and_addresses_are_counted_apart(other: tuple[str, str]) -> None:
    throttle = Throttle(Clock())
    assert [throttle.try_again_in(WHO) for _ in range(TRIES)] == [0.0] * TRIES
    assert (throttle.try_again_in(WHO), throttle.try_again_in(other)) == (SECONDS, 0.0)
    throttle.forget(WHO)
    assert throttle.try_again_in(WHO) == 0.0


def test_guesses_under_ever_new_names_fill_no_memory() -> None:
    throttle, names = Throttle(Clock()), count()
    for _ in range(REMEMBERED + 500):
        throttle.try_again_in((f"name {next(names)}", "10.0.0.1"))
    assert len(throttle) == REMEMBERED
