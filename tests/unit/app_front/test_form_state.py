"""The request made from what was entered, what a form lacks, and the groups of widgets."""

import pytest

from app_front.checks import REQUIRED, check, request
from app_front.form_state import initial
from app_front.widgets import essential, folded, options
from readmission.features import (
    BY_NAME,
    ENCOUNTER_REF_LENGTH,
    FIELDS,
    MODEL_FIELDS,
    ORIGINAL_FIELDS,
    complete_request,
    decided_groups,
    model_row,
)

INITIAL = {field.name: initial(field) for field in FIELDS}
DEFAULTS = INITIAL | {name: str(BY_NAME[name].default) for name in REQUIRED}


def named(entered: dict[str, str | None]) -> tuple[list[str], list[str]]:
    found = check(entered)
    assert found is not None
    return [field.name for field in found.unchosen], [field.name for field in found.refused]


def test_with_the_defaults_chosen_the_twenty_original_fields_are_sent() -> None:
    sent = request(DEFAULTS)
    assert sent == {field.name: field.default for field in ORIGINAL_FIELDS}
    assert len(sent) == 20
    assert check(DEFAULTS) is None


def test_what_matters_most_starts_blank_and_must_be_chosen() -> None:
    assert all(not INITIAL[name] for name in REQUIRED)
    assert named(INITIAL) == (list(REQUIRED), [])
    assert named(DEFAULTS | {"age": " ", "number_inpatient": ""}) == (["age", "number_inpatient"], [])


def test_blanks_are_not_sent_and_spaces_around_are_cut() -> None:
    sent = request(DEFAULTS | {"diag_1": " 250.83 ", "diag_2": "  ", "insulin": "Up", "age": " 81 "})
    assert (sent["diag_1"], sent["insulin"], sent["age"]) == ("250.83", "Up", 81)
    assert "diag_2" not in sent


def test_a_zero_is_a_choice_and_is_sent() -> None:
    entered = DEFAULTS | {"age": "0"}
    assert check(entered) is None
    assert request(entered)["age"] == 0


@pytest.mark.parametrize("text", ["3.7", "3,7", "3.0", "1e1", "0", "15", "-3", "three", "٣", "9" * 400, "<b>"])
def test_a_number_that_is_not_whole_or_out_of_range_is_refused_and_not_cut(text: str) -> None:
    assert named(DEFAULTS | {"time_in_hospital": text}) == ([], ["time_in_hospital"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("num_lab_procedures", ""),
        ("diag_1", "flu"),
        ("diag_3", "I50"),
        ("encounter_ref", "r" * (ENCOUNTER_REF_LENGTH + 1)),
    ],
)
def test_what_the_contract_does_not_allow_is_refused(name: str, text: str) -> None:
    assert named(DEFAULTS | {name: text}) == ([], [name])


def test_a_raw_code_decides_its_group_and_counts_as_its_choice() -> None:
    """Sent together with another group, discharge code 3 would be refused as a contradiction."""
    for group in ("Alta a casa", None):
        entered = DEFAULTS | {"discharge_code": "3", "discharge_disposition_id": group}
        assert [(found.group.name, found.code, found.category) for found in decided_groups(entered)] == [
            ("discharge_disposition_id", "3", "Otro")
        ]
        assert check(entered) is None
        sent = request(entered)
        assert "discharge_disposition_id" not in sent
        assert complete_request(sent)["discharge_disposition_id"] == "Otro"


def test_every_option_is_one_the_contract_accepts() -> None:
    for field in (field for field in FIELDS if field.kind == "category"):
        for option in options(field):
            model_row(complete_request({field.name: option}))
            assert field.model_value(option) == option


def test_every_field_is_drawn_once_and_what_changes_nothing_is_in_the_last_fold() -> None:
    parts = [
        [field for group in groups for field in group.fields]
        for groups in (essential(), *[s.groups for s in folded(history=True)])
    ]
    assert sorted(field.name for part in parts for field in part) == sorted(field.name for field in FIELDS)
    assert {field.name for field in parts[3]} == {field.name for field in FIELDS if field.history}
    unused = {field.name for field in FIELDS if not field.history} - {f.name for f in MODEL_FIELDS}
    assert {field.name for field in parts[4]} == unused
    assert {"race", "examide", "citoglipton"} < {field.name for field in parts[4]}
    assert {field.name for field in parts[0]} == {*REQUIRED, "discharge_code"}


def test_what_must_be_chosen_is_in_the_order_of_the_form() -> None:
    drawn = [field.name for group in essential() for field in group.fields]
    assert [name for name in drawn if name in REQUIRED] == list(REQUIRED)


def test_the_missing_category_is_offered_where_leaving_it_blank_is_not() -> None:
    assert "Unknown" in options(BY_NAME["race"])
    assert "missing" in options(BY_NAME["admission_type_id"])
    assert "missing" not in options(BY_NAME["insulin"])
    assert options(BY_NAME["max_glu_serum"]) == ("None", "Norm", ">200", ">300")
