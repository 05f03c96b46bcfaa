"""An exception has a reason and a day: from that day on, and when it excepts nothing, it is complained of."""

from datetime import date
from pathlib import Path

import pytest

from supply.findings import Finding, complaints, exceptions
from tests.conftest import ROOT

ENTRY = """
[[exception]]
check = "code"
what = "B608"
where = "app/*.py"
reason = "its values are bound"
look_again = 2027-01-31
"""
FOUND = Finding("code", "B608", "app/log.py", "line 3: a statement")
BEFORE, DAY = date(2027, 1, 30), date(2027, 1, 31)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "exceptions.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_excepted_is_let_through_until_its_day(tmp_path: Path) -> None:
    exempt = exceptions(written(tmp_path, ENTRY))
    assert complaints([FOUND], exempt, ["code"], BEFORE) == []
    (due,) = complaints([FOUND], exempt, ["code"], DAY)
    assert due == "code: B608 in app/*.py: its exception was to be looked at on 2027-01-31"


@pytest.mark.parametrize(
    "other",
    [
        Finding("code", "B608", "lib/log.py", "elsewhere"),
        Finding("code", "B301", "app/log.py", "another kind"),
        Finding("secrets", "B608", "app/log.py", "another check"),
    ],
    ids=lambda other: other.text,
)
def test_an_exception_covers_its_own_kind_and_place_alone(tmp_path: Path, other: Finding) -> None:
    assert complaints([FOUND, other], exceptions(written(tmp_path, ENTRY)), ["code"], BEFORE) == [str(other)]


def test_an_exception_of_nothing_is_complained_of_where_its_check_was_made(tmp_path: Path) -> None:
    exempt = exceptions(written(tmp_path, ENTRY))
    (idle,) = complaints([], exempt, ["code"], BEFORE)
    assert idle.startswith("code: B608 in app/*.py: nothing is there")
    assert complaints([], exempt, ["secrets"], BEFORE) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('reason = "its values are bound"\n', "", "see reason"),
        ('reason = "its values are bound"', 'reason = ""', "see reason"),
        ("look_again = 2027-01-31\n", "", "see look_again"),
        ("look_again = 2027-01-31", 'look_again = "soon"', "look_again a date"),
        ('check = "code"', 'check = "bandit"', "check is one of advisories, code, secrets"),
        ("reason", "why", "see reason, why"),
    ],
)
def test_an_incomplete_exception_is_refused_by_name(tmp_path: Path, before: str, after: str, told: str) -> None:
    with pytest.raises(SystemExit, match=f"exceptions.toml: exception 1.*{told}"):
        exceptions(written(tmp_path, ENTRY.replace(before, after)))


def test_ours_say_why_and_are_looked_at_within_a_year() -> None:
    ours = exceptions(ROOT / "supply/exceptions.toml")
    assert ours and all(len(one.reason) > 20 for one in ours)
    assert len({str(one) for one in ours}) == len(ours)
