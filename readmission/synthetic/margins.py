"""How often each value occurs, per 10,000 encounters, rounded from the public data set (UCI repository id 296).

Each margin is written "value weight value weight ..."; the weights are relative, so they need not add up.
"""

from collections.abc import Mapping


def _margin(text: str) -> dict[str, int]:
    words = text.split()
    return {value: int(weight) for value, weight in zip(words[::2], words[1::2], strict=True)}


# Of a patient, the same at each encounter. How many encounters a patient has comes first.
ENCOUNTERS = _margin("1 7664 2 1447 3 476 4 200 5 96 6 50 7 30 8 16 9 10 10 11")
PATIENT: Mapping[str, dict[str, int]] = {
    "race": _margin("Caucasian 7478 AfricanAmerican 1888 ? 223 Hispanic 200 Other 148 Asian 63"),
    "gender": {"Female": 53760, "Male": 46237, "Unknown/Invalid": 3},
    "age": _margin(
        "[0-10) 16 [10-20) 68 [20-30) 163 [30-40) 371 [40-50) 952 [50-60) 1696 [60-70) 2209 [70-80) 2562 "
        "[80-90) 1690 [90-100) 274"
    ),
}

ENCOUNTER: Mapping[str, dict[str, int]] = {
    "weight": _margin("? 9686 [75-100) 131 [50-75) 88 [100-125) 61 [125-150) 14 [25-50) 10 [0-25) 5 [150-175) 3"),
    "admission_type_id": _margin("1 5305 3 1854 2 1816 6 520 5 470 8 31 7 2 4 1"),
    "discharge_disposition_id": _margin(
        "1 5919 3 1371 6 1268 18 363 2 209 22 196 11 161 5 116 25 97 4 80 7 61 23 40 13 39 14 37 28 14 8 11 15 6 24 5"
    ),
    "admission_source_id": _margin("7 5650 1 2905 17 666 4 313 6 222 2 108 5 84 3 18 20 16 9 12 8 2 22 1 10 1"),
    "time_in_hospital": _margin(
        "1 1396 2 1693 3 1745 4 1368 5 979 6 741 7 576 8 431 9 295 10 230 11 182 12 142 13 119 14 102"
    ),
    "payer_code": _margin(
        "? 3956 MC 3188 HM 617 SP 492 BC 457 MD 347 CP 249 UN 241 CM 190 OG 102 PO 58 DM 54 CH 14 WC 13 OT 9 MP 8 SI 5"
    ),
    "medical_specialty": _margin(
        "? 4908 InternalMedicine 1438 Emergency/Trauma 743 Family/GeneralPractice 731 Cardiology 526 "
        "Surgery-General 305 Nephrology 159 Orthopedics 138 Orthopedics-Reconstructive 121 Radiologist 112 "
        "Pulmonology 86 Psychiatry 84 Urology 67 ObstetricsandGynecology 66 Surgery-Cardiovascular/Thoracic 64 "
        "Gastroenterology 55 Surgery-Vascular 52 Surgery-Neuro 46 PhysicalMedicineandRehabilitation 38 Oncology 34 "
        "Pediatrics 25 Hematology/Oncology 20 Neurology 20 Pediatrics-Endocrinology 16 Otolaryngology 12"
    ),
    "num_procedures": _margin("0 4584 1 2038 2 1250 3 928 6 487 4 411 5 302"),
    "number_outpatient": _margin("0 8355 1 840 2 353 3 201 4 108 5 52 6 30 7 15 8 10 9 8 10 6 11 4 12 18"),
    "number_emergency": _margin("0 8881 1 754 2 201 3 71 4 37 5 19 6 9 7 7 8 5 10 16"),
    "number_inpatient": _margin("0 6646 1 1918 2 743 3 335 4 159 5 80 6 47 7 26 8 15 9 11 10 20"),
    "number_diagnoses": _margin("9 4862 5 1120 8 1043 7 1021 6 998 4 544 3 279 2 101 1 22 16 4 10 2 13 2 11 1 15 1"),
    "max_glu_serum": _margin("None 9475 Norm 255 >200 146 >300 124"),
    "A1Cresult": _margin("None 8328 >8 807 Norm 490 >7 375"),
    "diag_1": _margin(
        "428 674 414 647 786 395 410 355 486 345 427 272 491 224 715 211 682 201 434 199 780 198 996 193 276 186 "
        "38 166 250.8 165 599 157 584 149 V57 119 250.6 116 518 110 820 106 577 104 493 104 435 100 562 97 574 95 "
        "296 88 560 86 250.7 86 250.13 84 440 83 433 78 998 77 722 76 250.02 66 578 65 530 52 715 50 162 42 197 30 ? 2"
    ),
    "diag_2": _margin(
        "276 663 428 655 250 597 427 495 401 367 496 325 599 323 403 277 414 260 411 252 250.02 204 707 196 585 184 "
        "584 162 491 152 250.01 150 285 149 780 147 425 141 682 141 486 136 518 133 424 105 413 102 250.6 88 493 87 "
        "305 69 786 63 280 60 998 56 410 54 197 40 V45 40 560 39 788 38 ? 35 E932 20"
    ),
    "diag_3": _margin(
        "250 1135 401 815 276 509 428 450 427 389 414 360 496 256 403 232 585 196 272 193 599 191 ? 140 V45 136 "
        "250.02 135 707 134 780 131 285 118 425 112 250.6 106 424 104 584 95 305 91 250.01 90 682 87 518 84 493 68 "
        "278 67 530 61 786 57 V58 49 E878 30 412 34 197 38"
    ),
    "insulin": _margin("No 4656 Steady 3031 Down 1201 Up 1112"),
    "metformin": _margin("No 8036 Steady 1803 Up 105 Down 57"),
    "repaglinide": _margin("No 9849 Steady 136 Up 11 Down 4"),
    "nateglinide": _margin("No 9931 Steady 66 Up 2 Down 1"),
    "chlorpropamide": _margin("No 9992 Steady 8"),
    "glimepiride": _margin("No 9490 Steady 459 Up 32 Down 19"),
    "glipizide": _margin("No 8753 Steady 1116 Up 76 Down 55"),
    "glyburide": _margin("No 8953 Steady 911 Up 80 Down 55"),
    "tolbutamide": _margin("No 9998 Steady 2"),
    "pioglitazone": _margin("No 9280 Steady 685 Up 23 Down 12"),
    "rosiglitazone": _margin("No 9375 Steady 599 Up 17 Down 9"),
    "acarbose": _margin("No 9970 Steady 29 Up 1"),
    "miglitol": _margin("No 9996 Steady 3"),
    "tolazamide": _margin("No 9996 Steady 4"),
    "glyburide-metformin": _margin("No 9930 Steady 68 Up 1 Down 1"),
    "glipizide-metformin": _margin("No 9999 Steady 1"),
}

# Quantiles of the two counts with many values.
SHARES = (0.0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1.0)
LAB_PROCEDURES = (1, 1, 4, 14, 31, 44, 57, 67, 73, 85, 120)
MEDICATIONS = (1, 3, 6, 7, 10, 15, 20, 26, 31, 43, 70)
