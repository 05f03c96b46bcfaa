"""The request made from what was entered, and the groups of widgets."""

from app_front.form_state import blanks, initial, request
from app_front.widgets import optional_groups, options, original_groups
from readmission.features import (
    BY_NAME,
    FIELDS,
    OPTIONAL_FIELDS,
    ORIGINAL_FIELDS,
    complete_request,
    decided_groups,
    model_row,
)

INITIAL = {field.name: initial(field) for field in FIELDS}


def test_an_untouched_form_sends_the_twenty_defaults() -> None:
    sent = request(INITIAL)
    assert sent == {field.name: field.default for field in ORIGINAL_FIELDS}
    assert len(sent) == 20


def test_blanks_are_not_sent_and_spaces_around_are_cut() -> None:
    sent = request(INITIAL | {"diag_1": " 250.83 ", "diag_2": "  ", "insulin": "Up"})
    assert sent["diag_1"] == "250.83"
    assert sent["insulin"] == "Up"
    assert "diag_2" not in sent


def test_a_zero_is_sent() -> None:
    assert request(INITIAL | {"age": 0})["age"] == 0


def test_a_raw_code_decides_its_group() -> None:
    """Sent together with the default group, discharge code 3 would be refused as a contradiction."""
    entered = INITIAL | {"discharge_code": "3"}
    assert [(group.group.name, group.code, group.category) for group in decided_groups(entered)] == [
        ("discharge_disposition_id", "3", "Otro")
    ]
    sent = request(entered)
    assert "discharge_disposition_id" not in sent
    assert complete_request(sent)["discharge_disposition_id"] == "Otro"


def test_without_raw_codes_no_group_is_decided() -> None:
    assert decided_groups(INITIAL) == []


def test_every_option_is_one_the_contract_accepts() -> None:
    for field in (field for field in FIELDS if field.kind == "category"):
        for option in options(field):
            model_row(complete_request({field.name: option}))
            assert field.model_value(option) == option


def test_an_emptied_field_without_a_blank_is_told() -> None:
    assert [field.name for field in blanks(INITIAL | {"age": None})] == ["age"]
    assert blanks(INITIAL) == []


def test_every_field_is_in_exactly_one_column() -> None:
    for groups, fields in ((original_groups(), ORIGINAL_FIELDS), (optional_groups(), OPTIONAL_FIELDS)):
        assert len(groups) == 3
        drawn = [field.name for group in groups for field in group.fields]
        assert sorted(drawn) == sorted(field.name for field in fields)


def test_the_missing_category_is_offered_where_leaving_it_blank_is_not() -> None:
    assert "Unknown" in options(BY_NAME["race"])
    assert "missing" in options(BY_NAME["admission_type_id"])
    assert "missing" not in options(BY_NAME["insulin"])
    assert options(BY_NAME["max_glu_serum"]) == ("None", "Norm", ">200", ">300")
