"""What is told of a patient's earlier stays, and that nothing later tells of it."""

import logging

import polars as pl
import pytest

from readmission.clean.cleaning import clean
from readmission.clean.history import tell_left_out
from tests.unit.encounters import raw_rows

ADA, BEN, CY = "100", "200", "300"
HISTORY = ["previous_stays", "previous_readmitted"]


def stay(encounter: int, patient: str, readmitted: str, **changes: str) -> dict[str, str]:
    return {"encounter_id": str(encounter), "patient_nbr": patient, "readmitted": readmitted, **changes}


# In the file's order, which is not that of the numbers: as texts, 10 comes before 9.
STAYS = [
    stay(10, ADA, ">30"),
    stay(8, BEN, "NO"),
    stay(9, ADA, "<30"),
    stay(11, ADA, "NO", diag_1="486"),
]


def told(*changes: dict[str, str]) -> dict[int, tuple[float, str]]:
    """By encounter, what its history is."""
    rows = clean(raw_rows(*changes), "lt30", history=True).select("encounter_id", *HISTORY).collect()
    return {number: (stays, readmitted) for number, stays, readmitted in rows.iter_rows()}


def test_stays_before_are_counted_and_the_one_just_before_tells_its_label() -> None:
    assert told(*STAYS) == {
        8: (0.0, "missing"),
        9: (0.0, "missing"),
        10: (1.0, "<30"),
        11: (2.0, ">30"),
    }


def test_a_stay_that_nothing_is_learned_from_counts_all_the_same() -> None:
    hospice = stay(9, ADA, "<30", discharge_disposition_id="13")
    unknown = stay(10, ADA, ">30", gender="Unknown/Invalid")
    assert told(hospice, unknown, stay(11, ADA, "NO")) == {11: (2.0, ">30")}


@pytest.mark.parametrize(
    "later",
    [[], [stay(10, ADA, "NO")], [stay(10, ADA, "<30"), stay(11, ADA, "<30"), stay(12, ADA, ">30")]],
    ids=["none", "another label", "more of them"],
)
def test_nothing_of_an_earlier_row_changes_with_later_stays(later: list[dict[str, str]]) -> None:
    whole, changed = told(*STAYS), told(STAYS[1], STAYS[2], *later)
    assert {number: changed[number] for number in (8, 9)} == {number: whole[number] for number in (8, 9)}


def test_patients_of_contradictory_order_are_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    contradicting = [stay(20, CY, "<30"), stay(21, CY, "NO"), stay(22, CY, "NO")]
    assert told(*STAYS, *contradicting) == told(*STAYS)
    with caplog.at_level(logging.INFO):
        tell_left_out(raw_rows(*STAYS, *contradicting).collect())
    assert caplog.messages == ["left out for a contradictory order: patients 1, encounters 3"]


def test_without_history_it_is_blank_and_nobody_is_left_out() -> None:
    rows = clean(raw_rows(*STAYS, stay(20, CY, "NO"), stay(21, CY, "NO")), "lt30").collect()
    assert rows.height == len(STAYS) + 2
    assert rows.select(HISTORY).unique().rows() == [(0.0, "missing")]
    alone = clean(raw_rows(*STAYS), "lt30", history=True).collect()
    assert alone.columns == rows.columns and alone.schema == rows.schema


def test_more_stays_than_a_request_may_tell_count_as_the_most() -> None:
    many = told(*(stay(number, ADA, "<30") for number in range(1, 154)))
    assert [many[number][0] for number in (150, 151, 152, 153)] == [149.0, 150.0, 150.0, 150.0]


def test_identifiers_may_be_numbers_too() -> None:
    raw = raw_rows(*STAYS).with_columns(pl.col("encounter_id", "patient_nbr").cast(pl.Int64))
    rows = clean(raw, "lt30", history=True).collect()
    assert dict(zip(rows["encounter_id"], rows["previous_stays"], strict=True)) == {8: 0, 9: 0, 10: 1, 11: 2}
