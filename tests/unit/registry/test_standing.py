"""What served before, and what does not come back, follows from the entries of the ledger alone."""

from datetime import datetime, timedelta
from typing import get_args

import pytest

from readmission.registry.ledger import Entry, Live, NotLive, last_live, next_moment
from readmission.registry.standing import standing

START = datetime(2026, 11, 27, 12)


def ledger(*steps: str) -> list[Entry]:
    """Entries from words such as `promoted 1>2`, a minute apart; a version was created at its number, unless `2@9`."""
    return [_entry(place, *step.split(" ")) for place, step in enumerate(steps)]


def _entry(place: int, word: str, versions: str) -> Entry:
    action = next(one for one in get_args(Live) + get_args(NotLive) if one == word)
    before, after = versions.split(">")
    number, _, created = (after or before).partition("@")
    first, second = (number, None) if action == "withdrawn" else (before or None, number)
    moment, made = START + timedelta(minutes=place), int(created or number)
    return Entry(moment, "m", action, first, second, "somebody", "because", version_created=made)


def before(*steps: str, present: str | None = None) -> list[str]:
    now = standing(ledger(*steps))
    key = (present, int(present)) if present else now.served[-1]
    return [number for number, _ in now.before(key)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["promoted >1"], []),
        (["promoted >1", "promoted 1>2", "approved 2>3"], ["2", "1"]),
        (["promoted >1", "promoted 1>2", "refused 2>3"], ["1"]),
        # Twice goes back two, and what was rolled back is not chosen.
        (["promoted >1", "promoted 1>2", "promoted 2>3", "rolled_back 3>2"], ["1"]),
        (["promoted >1", "promoted 1>2", "promoted 2>3", "rolled_back 3>2", "rolled_back 2>1"], []),
        # What comes after a rollback stands on what it went back to.
        (["promoted >1", "promoted 1>2", "rolled_back 2>1", "promoted 1>3"], ["1"]),
        # A version that served twice and was rolled back is not chosen for its first time.
        (["promoted >1", "promoted 1>2", "approved 2>1", "rolled_back 1>2"], []),
        # One over another was deleted: the pop goes as far as its target.
        (["promoted >1", "promoted 1>2", "promoted 2>3", "rolled_back 3>1"], []),
        # To one that never served.
        (["promoted >1", "promoted 1>2", "rolled_back 2>7"], ["1"]),
        (["promoted >1", "promoted 1>2", "promoted 2>3", "withdrawn 2>"], ["1"]),
        # A person who promotes it lifts what barred it.
        (["promoted >1", "promoted 1>2", "rolled_back 2>1", "approved 1>2", "promoted 2>3"], ["2", "1"]),
        (["promoted >1", "promoted 1>1", "promoted 1>2"], ["1"]),
    ],
)
def test_what_a_rollback_may_go_back_to(steps: list[str], expected: list[str]) -> None:
    assert before(*steps) == expected


def test_what_the_ledger_knows_as_live_comes_first_where_another_has_the_alias() -> None:
    assert before("promoted >1", "promoted 1>2", present="3") == ["2", "1"]


def test_a_version_that_got_the_number_of_a_deleted_one_is_another() -> None:
    found = ledger("promoted >1", "promoted 1>2", "rolled_back 2>1")
    assert set(standing(found).barred) == {("2", 2)}
    again = standing([*found, *ledger("promoted >1", "promoted 1>2", "rolled_back 2>1", "promoted 1>2@9")[3:]])
    assert again.served == [("1", 1), ("2", 9)] and set(again.barred) == {("2", 2)}


def test_what_was_live_at_a_moment() -> None:
    found = ledger("promoted >1", "refused 1>2", "promoted 1>3", "withdrawn 2>", "rolled_back 3>1")
    at = [last_live(found, START + timedelta(minutes=minutes)) for minutes in (-1, 0, 1.9, 2, 3, 4, 99)]
    assert [entry and entry.to_version for entry in at] == [None, "1", "1", "3", "3", "1", "1"]


def test_an_entry_is_later_than_the_last_whatever_the_clock_says() -> None:
    ahead = [Entry(datetime(2999, 1, 1), "m", "promoted", None, "1", "somebody", "because")]
    assert next_moment(ahead) == datetime(2999, 1, 1, 0, 0, 0, 1)
    assert next_moment([]) < ahead[0].happened_at
