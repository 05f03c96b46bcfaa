"""What a diagnosis in ICD-9-CM means to the model: the group of its code.

The nine groups are those of Strack et al. 2014, "Impact of HbA1c Measurement on Hospital Readmission Rates", table 2;
the categories of ICD-9-CM divide them further.
"""

import re
from collections.abc import Mapping

from readmission.features.codes import OTHER

# The nine groups of Strack et al., each from a code to below another, and what they are divided into: a readmission
# depends on that more than on the group.
_STRACK_RANGES = (
    (390, 460, "circulatory"),
    (785, 786, "circulatory"),
    (460, 520, "respiratory"),
    (786, 787, "respiratory"),
    (520, 580, "digestive"),
    (787, 788, "digestive"),
    (250, 251, "diabetes"),
    (800, 1000, "injury"),
    (710, 740, "musculoskeletal"),
    (580, 630, "genitourinary"),
    (788, 789, "genitourinary"),
    (140, 240, "neoplasms"),
)
_ICD9_RANGES = (
    (250.1, 250.4, "acute_diabetes"),
    (250.4, 251, "complicated_diabetes"),
    (398, 399, "heart_failure"),
    (425, 426, "heart_failure"),
    (428, 429, "heart_failure"),
    (394, 398, "valvular_disease"),
    (424, 425, "valvular_disease"),
    (401, 402, "hypertension"),
    (402, 406, "complicated_hypertension"),
    (410, 415, "ischaemic_heart"),
    (415, 418, "pulmonary_circulation"),
    (426, 428, "arrhythmia"),
    (430, 439, "stroke"),
    (440, 448, "peripheral_vascular"),
    (451, 455, "peripheral_vascular"),
    (480, 489, "pneumonia"),
    (490, 497, "obstructive_lung"),
    (518, 519, "respiratory_failure"),
    (786, 787, "chest_pain"),
    (570, 574, "liver"),
    (577, 578, "pancreas"),
    (800, 830, "fracture"),
    (996, 1000, "complication_of_care"),
    (730, 731, "bone_infection"),
    (584, 585, "acute_kidney_failure"),
    (585, 587, "chronic_kidney_failure"),
    (588, 589, "chronic_kidney_failure"),
    (590, 591, "urinary_infection"),
    (599, 600, "urinary_infection"),
    (196, 200, "metastasis"),
    (38, 39, "sepsis"),
    (240, 247, "thyroid"),
    (260, 264, "weight_loss"),
    (783, 784, "weight_loss"),
    (276, 277, "fluid_and_electrolytes"),
    (278, 279, "obesity"),
    (280, 286, "anaemia"),
    (286, 290, "coagulation"),
    (291, 293, "alcohol_and_drugs"),
    (303, 306, "alcohol_and_drugs"),
    (293, 294, "psychosis"),
    (295, 299, "psychosis"),
    (300, 301, "depression_and_anxiety"),
    (309, 310, "depression_and_anxiety"),
    (311, 312, "depression_and_anxiety"),
    (320, 360, "nervous_system"),
    (680, 687, "skin_infection"),
    (707, 708, "skin_ulcer"),
    (780, 783, "general_symptoms"),
    (784, 785, "general_symptoms"),
)
_ICD9_V = {"V42": "transplant_or_device", "V43": "transplant_or_device", "V45": "transplant_or_device"}
_ICD9_V |= {"V57": "rehabilitation", "V58": "aftercare"}


def _group_in(ranges: tuple[tuple[float, float, str], ...], code: float) -> str | None:
    return next((group for low, below, group in ranges if low <= code < below), None)


# What each group is a part of, those of Strack et al. of themselves.
STRACK_GROUPS: Mapping[str, str] = {
    **{group: _group_in(_STRACK_RANGES, low) or OTHER for low, _, group in _ICD9_RANGES},
    **dict.fromkeys(_ICD9_V.values(), OTHER),
    **{group: group for _, _, group in _STRACK_RANGES},
    OTHER: OTHER,
}
ICD9_GROUPS = tuple(STRACK_GROUPS)
# ICD-9-CM: 001-999 (a leading zero may be gone), V01-V91, external causes E800-E999, and what stands after the point.
ICD9_PATTERN = (
    r"(?:0{0,2}[1-9]|0?[1-9][0-9]|[1-9][0-9]{2})(?:\.[0-9]{1,2})?"
    r"|V(?:0[1-9]|[1-8][0-9]|9[01])(?:\.[0-9]{1,2})?"
    r"|E[89][0-9]{2}(?:\.[0-9])?"
)
_ICD9 = re.compile(ICD9_PATTERN)
# What is left of these is ICD-10: a letter, a digit, a digit or letter, and up to four more.
_ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?")
# Japanese and Chinese keyboards write wide letters, digits and points.
_NARROW = {narrow + 0xFEE0: narrow for narrow in range(ord("!"), ord("~") + 1)}
ICD9_ALLOWED = "an ICD-9 code such as 250.83, 428 or V57"
LOOKS_LIKE_ICD10 = "looks like ICD-10; this platform reads ICD-9-CM codes such as 250.02"


class CodeError(ValueError):
    """A text is no ICD-9 code; the error's own text is the rule that it breaks, and does not quote it."""


def icd9_group(text: str) -> str:
    """The group that a raw ICD-9 code ("250.83", "V57", "428") belongs to, a part of one of `STRACK_GROUPS`.

    Case and outer spaces do not count, and wide characters are the narrow ones; a footnote's small figure is none.

    Raises:
        CodeError: the text is not an ICD-9 code; says so of an ICD-10 code.
    """
    code = _as_written(text)
    if not _ICD9.fullmatch(code):
        raise CodeError(LOOKS_LIKE_ICD10 if looks_like_icd10(text) else f"is not {ICD9_ALLOWED}")
    if not code[0].isdigit():
        return _ICD9_V.get(code[:3], OTHER)
    number = float(code)
    return _group_in(_ICD9_RANGES, number) or _group_in(_STRACK_RANGES, number) or OTHER


def looks_like_icd10(text: str) -> bool:
    """Whether a text that is no ICD-9 code has the form of an ICD-10 code: "I50.9", "E119", "Z79.4"."""
    code = _as_written(text)
    return _ICD10.fullmatch(code) is not None and _ICD9.fullmatch(code) is None


def _as_written(text: str) -> str:
    return text.translate(_NARROW).strip().upper()
