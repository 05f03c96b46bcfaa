"""What the data set's codes mean: admission, discharge and source codes, ICD-9, ages.

Codes: IDs_mapping.csv of the data set (UCI repository id 296). ICD-9 groups: Strack et al. 2014,
"Impact of HbA1c Measurement on Hospital Readmission Rates", table 2.
"""

import re
from collections.abc import Mapping

MISSING = "missing"
OTHER = "other"

# Encounters that end in death or hospice cannot be followed by a readmission.
DEATH_OR_HOSPICE = frozenset({"11", "13", "14", "19", "20", "21"})


def _by_code(groups: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    return {str(code): group for group, members in groups.items() for code in members}


# The group of each known code; the groups stand in the order of their one-hot columns.
ADMISSION_TYPE_GROUPS = _by_code(
    {
        "Emergencia": (1, 2),
        "Electiva": (3,),
        "Recién Nacido": (4,),
        "Centro de Trauma": (7,),
        MISSING: (5, 6, 8),
    }
)
DISCHARGE_GROUPS = _by_code(
    {
        "Alta a casa": (1, 6, 8),
        "Otro": (*range(2, 6), 7, *range(9, 18), *range(19, 25), *range(27, 31)),
        MISSING: (18, 25, 26),
    }
)
ADMISSION_SOURCE_GROUPS = _by_code(
    {
        "Referencia": (1, 2, 3),
        "Emergencia": (7,),
        "Otro": (4, 5, 6, 8, *range(10, 15), 18, 19, *range(22, 27)),
        MISSING: (9, 15, 17, 20, 21),
    }
)

_ICD9_RANGES = (
    (390, 459, "circulatory"),
    (785, 785, "circulatory"),
    (460, 519, "respiratory"),
    (786, 786, "respiratory"),
    (520, 579, "digestive"),
    (787, 787, "digestive"),
    (250, 250, "diabetes"),
    (800, 999, "injury"),
    (710, 739, "musculoskeletal"),
    (580, 629, "genitourinary"),
    (788, 788, "genitourinary"),
    (140, 239, "neoplasms"),
)
ICD9_GROUPS = (*dict.fromkeys(group for _, _, group in _ICD9_RANGES), OTHER)
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
    """The group of Strack et al. 2014 that a raw ICD-9 code ("250.83", "V57", "428") belongs to.

    Case and outer spaces do not count, and wide characters are the narrow ones; a footnote's small figure is none.

    Raises:
        CodeError: the text is not an ICD-9 code; says so of an ICD-10 code.
    """
    code = _as_written(text)
    if not _ICD9.fullmatch(code):
        raise CodeError(LOOKS_LIKE_ICD10 if looks_like_icd10(text) else f"is not {ICD9_ALLOWED}")
    if not code[0].isdigit():
        return OTHER
    whole = int(code.split(".")[0])
    return next((group for low, high, group in _ICD9_RANGES if low <= whole <= high), OTHER)


def looks_like_icd10(text: str) -> bool:
    """Whether a text that is no ICD-9 code has the form of an ICD-10 code: "I50.9", "E119", "Z79.4"."""
    code = _as_written(text)
    return _ICD10.fullmatch(code) is not None and _ICD9.fullmatch(code) is None


def _as_written(text: str) -> str:
    return text.translate(_NARROW).strip().upper()


AGE_MIDPOINTS = {f"[{low}-{low + 10})": low + 5 for low in range(0, 100, 10)}

MEDICATION_DOSES = ("No", "Steady", "Up", "Down")

PAYERS = (
    "BC", "CH", "CM", "CP", "DM", "FR", "HM", "MC", "MD", "MP", "OG", "OT", "PO", "SI", "SP", "UN", "WC",
)  # fmt: skip

# The specialties with at least 200 encounters; the others are one category, "other".
SPECIALTIES = (
    "Cardiology",
    "Emergency/Trauma",
    "Family/GeneralPractice",
    "Gastroenterology",
    "Hematology/Oncology",
    "InternalMedicine",
    "Nephrology",
    "Neurology",
    "ObstetricsandGynecology",
    "Oncology",
    "Orthopedics",
    "Orthopedics-Reconstructive",
    "Pediatrics",
    "PhysicalMedicineandRehabilitation",
    "Psychiatry",
    "Pulmonology",
    "Radiologist",
    "Surgery-Cardiovascular/Thoracic",
    "Surgery-General",
    "Surgery-Neuro",
    "Surgery-Vascular",
    "Urology",
)
