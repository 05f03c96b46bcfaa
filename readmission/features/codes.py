"""What the data set's codes mean: admission, discharge and source codes, ages.

Source: IDs_mapping.csv of the data set (UCI repository id 296).
"""

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
