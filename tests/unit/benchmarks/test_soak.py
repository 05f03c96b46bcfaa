"""What `make soak` fails at."""

import pytest

from benchmarks.serving.load import Measured
from benchmarks.serving.rounds import Series
from benchmarks.soak import PACED, Memory, problems

# Ten samples a tenth; what is needed for the first time is taken in the first.
WARM_UP = [100.0] * 10
FLAT = Memory([*WARM_UP, *[240.0] * 90])


# A second, as in 1,000 answers of 600 seconds at half of it.
MOST = 3.0


def _series(refused: int = 0, broken: int = 0, told: tuple[str, ...] = ()) -> Series:
    one = Measured(answers=1000, refused=refused, broken=broken, p50=1.0, p99=9.0, seconds=600)
    return Series({PACED: [one]}, list(told))


def test_what_stays_as_it_is_passes() -> None:
    assert problems(_series(), FLAT, MOST) == []


@pytest.mark.parametrize(("ended", "grown"), [(251.9, False), (252.1, True), (200.0, False)])
def test_memory_may_grow_by_a_twentieth_at_most(ended: float, grown: bool) -> None:
    memory = Memory([*WARM_UP, *[240.0] * 80, *[ended] * 10])
    assert [line.split(",")[0] for line in problems(_series(), memory, MOST)] == ["memory grew by 5.0%"] * grown


@pytest.mark.parametrize(("refused", "broken"), [(3, 0), (0, 3)])
def test_a_request_without_its_answer_fails(refused: int, broken: int) -> None:
    assert problems(_series(refused, broken), FLAT, MOST) == ["3 requests were not answered with 200"]


def test_a_load_that_was_none_fails() -> None:
    (line,) = problems(_series(), FLAT, 10.0)
    assert line.startswith("2 answers a second are less than 40% of the 10 of before")


def test_an_answer_that_is_no_row_fails() -> None:
    told = "16 clients: 1000 answered, 999 rows"
    assert problems(_series(told=(told,)), FLAT, MOST) == [told]
