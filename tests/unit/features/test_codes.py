"""ICD-9 groups against table 2 of Strack et al. 2014, and the admission codes against the data set's mapping."""

import pytest

from readmission.features.codes import (
    ADMISSION_SOURCE_GROUPS,
    ADMISSION_TYPE_GROUPS,
    AGE_MIDPOINTS,
    DEATH_OR_HOSPICE,
    DISCHARGE_GROUPS,
    ICD9_GROUPS,
    icd9_group,
)

# Each group's first and last code, and what lies just outside.
STRACK = {
    "circulatory": ("390", "401.9", "428", "459", "459.81", "785", "785.51"),
    "respiratory": ("460", "486", "491.21", "519", "519.9", "786", "786.5"),
    "digestive": ("520", "577", "579", "579.3", "787", "787.91"),
    "diabetes": ("250", "250.00", "250.01", "250.83", "250.93"),
    "injury": ("800", "820", "996", "998.59", "999", "999.9"),
    "musculoskeletal": ("710", "715.9", "722", "739", "739.9"),
    "genitourinary": ("580", "584", "599", "629", "629.9", "788", "788.2"),
    "neoplasms": ("140", "162.9", "197", "239", "239.9"),
    "other": (
        "1", "8", "38", "38.9", "139", "240", "249", "251", "251.8", "276", "279", "280", "289", "290", "319", "320",
        "359", "360", "389", "630", "679", "680", "709", "740", "759", "760", "779", "780", "781", "782", "784", "789",
        "790", "799", "V01", "V57", "V57.1", "V45", "V91.99", "E800", "E849", "E849.0", "E878", "E999",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("group", "code"), [(group, code) for group, codes in STRACK.items() for code in codes])
def test_a_code_belongs_to_its_group(group: str, code: str) -> None:
    assert icd9_group(code) == group


def test_the_nine_groups_are_all_reached() -> None:
    assert set(STRACK) == set(ICD9_GROUPS)
    assert {icd9_group(str(code)) for code in range(1, 1000)} == set(ICD9_GROUPS)


@pytest.mark.parametrize(
    ("text", "code"), [(" 428", "428"), ("v57\t", "V57"), ("\uff45849", "E849"), ("25\uff10.83", "250.83")]
)
def test_case_outer_spaces_and_wide_characters_do_not_count(text: str, code: str) -> None:
    assert icd9_group(text) == icd9_group(code)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1234", "25002", "250.", "250.123", "V", "V1", "E", "E9", "E800.12", "-5", "250,83", "?",
     "0", "000", "0.5", "25\u00b2", "\u2461", "\U0001d7d2\U0001d7d0\U0001d7d6", "\u0664\u0662\u0668", "42 8"],
)  # fmt: skip
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ICD-9 code such as"):
        icd9_group(text)


@pytest.mark.parametrize(
    "text",
    ["I50", "I50.9", "I509", "E11.9", "e11.9", "E119", "E10", "E13", "E13.65", "E1165", "E87.6", "Z79.4", "Z794", "X12",
     "V00", "V92", "V99.1", "C7A", "S72.001A", "E000", "E030"],
)  # fmt: skip
def test_icd10_is_told_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"looks like ICD-10; this platform reads ICD-9-CM codes such as 250\.02"):
        icd9_group(text)


def test_death_and_hospice() -> None:
    assert {"11", "13", "14", "19", "20", "21"} == DEATH_OR_HOSPICE


def test_admission_groups() -> None:
    def codes(groups: dict[str, str], label: str) -> set[int]:
        return {int(code) for code, group in groups.items() if group == label}

    assert codes(ADMISSION_TYPE_GROUPS, "Emergencia") == {1, 2}
    assert codes(ADMISSION_TYPE_GROUPS, "missing") == {5, 6, 8}
    assert codes(DISCHARGE_GROUPS, "Alta a casa") == {1, 6, 8}
    assert codes(DISCHARGE_GROUPS, "missing") == {18, 25, 26}
    assert codes(ADMISSION_SOURCE_GROUPS, "Referencia") == {1, 2, 3}
    assert codes(ADMISSION_SOURCE_GROUPS, "Emergencia") == {7}
    assert codes(ADMISSION_SOURCE_GROUPS, "missing") == {9, 15, 17, 20, 21}
    assert len(DISCHARGE_GROUPS) == 30


def test_age_groups_become_their_midpoints() -> None:
    assert list(AGE_MIDPOINTS.items())[::9] == [("[0-10)", 5), ("[90-100)", 95)]
    assert len(AGE_MIDPOINTS) == 10
