"""Groups of diagnoses against table 2 of Strack et al. 2014, and their parts."""

import pytest

from readmission.features.icd9 import ICD9_GROUPS, STRACK_GROUPS, icd9_group

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


TABLE_2 = {
    "circulatory": [(390, 459), (785, 785)],
    "respiratory": [(460, 519), (786, 786)],
    "digestive": [(520, 579), (787, 787)],
    "diabetes": [(250, 250)],
    "injury": [(800, 999)],
    "musculoskeletal": [(710, 739)],
    "genitourinary": [(580, 629), (788, 788)],
    "neoplasms": [(140, 239)],
}


@pytest.mark.parametrize(("group", "code"), [(group, code) for group, codes in STRACK.items() for code in codes])
def test_a_code_belongs_to_its_group(group: str, code: str) -> None:
    assert STRACK_GROUPS[icd9_group(code)] == group


def test_the_nine_groups_are_all_reached() -> None:
    assert set(STRACK) == set(STRACK_GROUPS.values())
    assert {STRACK_GROUPS[icd9_group(str(code))] for code in range(1, 1000)} == set(STRACK)


# Each part's first and last code, and what lies just outside with the group that it stays in.
@pytest.mark.parametrize(
    ("code", "part"),
    [("428", "heart_failure"), ("428.9", "heart_failure"), ("429", "circulatory"), ("398.91", "heart_failure"),
     ("249", "other"), ("250", "diabetes"), ("250.0", "diabetes"), ("250.03", "diabetes"), ("250.1", "acute_diabetes"),
     ("250.33", "acute_diabetes"), ("250.4", "complicated_diabetes"), ("250.93", "complicated_diabetes"),
     ("038", "sepsis"), ("39", "other"), ("584.9", "acute_kidney_failure"), ("585", "chronic_kidney_failure"),
     ("587", "genitourinary"), ("996", "complication_of_care"), ("995.91", "injury"), ("V42.0", "transplant_or_device"),
     ("V57", "rehabilitation"), ("V58.11", "aftercare"), ("V59", "other"), ("E888", "other"), ("E849.0", "other")],
)  # fmt: skip
def test_a_code_belongs_to_its_part_of_a_group(code: str, part: str) -> None:
    assert icd9_group(code) == part


def test_each_part_lies_in_one_group_whole() -> None:
    """Every code to two digits after the point, as the form takes them."""
    found = {(icd9_group(text), strack(float(text))) for text in (f"{code / 100:.2f}" for code in range(100, 100_000))}
    assert all(STRACK_GROUPS[part] == group for part, group in found)
    assert {part for part, _ in found} == {*ICD9_GROUPS} - {"transplant_or_device", "rehabilitation", "aftercare"}


def strack(code: float) -> str:
    """The group of Strack et al., from their table anew."""
    ranges = {group: [(float(low), float(high) + 1) for low, high in ends] for group, ends in TABLE_2.items()}
    return next((group for group, ends in ranges.items() if any(a <= code < b for a, b in ends)), "other")


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
