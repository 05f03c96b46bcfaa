"""What the serving benchmark says of its figures."""

import pytest

from benchmarks.serving.load import Measured
from benchmarks.serving.rounds import CLIENTS, Series
from benchmarks.serving.table import FLOOR, MYSQL, SQLITE, rows, verdicts


def _series(rate: float, p99: float = 10.0, refused: int = 0, problems: tuple[str, ...] = ()) -> Series:
    one = Measured(answers=round(rate * 2) + refused, refused=refused, broken=0, p50=1.0, p99=p99, seconds=2)
    return Series({clients: [one] for clients in CLIENTS}, list(problems))


def test_a_rate_counts_only_what_was_answered_with_200() -> None:
    assert _series(100, refused=50).rate(16) == 100


@pytest.mark.parametrize(
    ("rate", "p99", "failing"),
    [(420, 29.9, []), (419, 29.9, ["at 64"]), (279, 29.9, ["at 16", "at 64"]), (420, 30.0, ["at 16 clients: p99"])],
)
def test_a_bar_is_reached_or_not(rate: float, p99: float, failing: list[str]) -> None:
    failed = [line for holds, line in verdicts({FLOOR: _series(1000), MYSQL: _series(rate, p99)}) if not holds]
    assert len(failed) == len(failing)
    assert all(part in line for part, line in zip(failing, failed, strict=True))


def test_an_answer_without_a_row_fails_whatever_the_rates_are() -> None:
    lines = verdicts({FLOOR: _series(1000), SQLITE: _series(900, problems=("16 clients: 9 answered, 8 rows",))})
    assert (False, f"FAIL: {SQLITE}: 16 clients: 9 answered, 8 rows") in lines


def test_the_table_shows_shares_of_the_floor_and_what_was_not_200() -> None:
    lines = list(rows({FLOOR: _series(1000), SQLITE: _series(400, refused=3)}))
    assert f"| {SQLITE} | 16 | 400 | 0.40 | 1.0 | 10.0 | 3 |" in lines
    assert all(line.count("|") == lines[0].count("|") for line in lines)
