"""The admission codes against the data set's mapping, and ages."""

from readmission.features.codes import (
    ADMISSION_SOURCE_GROUPS,
    ADMISSION_TYPE_GROUPS,
    AGE_MIDPOINTS,
    DEATH_OR_HOSPICE,
    DISCHARGE_GROUPS,
)


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
