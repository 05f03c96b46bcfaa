"""The documentation's examples of reasons and what-ifs: what the version of the other examples answers of `rich`."""

from typing import Any

import numpy as np

from app_back.examples import ANSWERS
from app_back.explaining.asked import Asked
from app_back.explaining.reasons import contributions_of, reasons_of
from app_back.explaining.what_if import Changed, told_of
from app_back.request_model import RICH_EXAMPLE
from readmission.features import BY_NAME, complete_request

_INPUTS = complete_request({**RICH_EXAMPLE, "discharge_code": "6"})
_BASE = 0.11284694874109912
# fmt: off
_ADDED = {
    "number_inpatient": 0.06293812889637213, "discharge_code": 0.010809329514975775,
    "discharge_disposition_id": -0.008927550968620284, "rosiglitazone": -0.006828193320038491,
    "admission_source_code": -0.005835166128030632, "diag_3": -0.005337383183911729,
    "metformin": -0.004368610330987891, "glyburide": 0.004019690784693728, "diag_2": -0.003980718651657367,
    "num_procedures": 0.003721243830916373, "num_lab_procedures": -0.00324041748957396,
    "number_diagnoses": 0.002872952051392801, "time_in_hospital": 0.0027467111513038264,
    "change": 0.002171579214257266, "glimepiride": -0.001891119290472572, "age": -0.001820069804146525,
    "gender": -0.001682925020038952, "medical_specialty": 0.00166214226500727, "payer_code": -0.001551832034746357,
    "admission_source_id": -0.0014602253836939758, "num_medications": 0.0012757339320803203,
    "insulin": -0.0009740155845800128, "number_emergency": -0.0009232973891354398,
    "admission_type_id": -0.0006528195409736473, "pioglitazone": -0.0003157511844313118,
    "admission_type_code": 0.0003011886998677115, "glipizide": -0.00029794226255367947,
    "number_outpatient": -0.00028508807068469916, "max_glu_serum": -0.00023060690778411912,
    "A1Cresult": 0.000178577339051413, "diag_1": -0.00014027502990079596, "diabetesMed": -0.0001334343386722868,
    "repaglinide": 0.0, "nateglinide": 0.0, "acarbose": 0.0, "glyburide_metformin": 0.0,
}
_CHANGED = {
    "change": {
        "Ch": 0.15561975421643134,
    },
    "diabetesMed": {
        "No": 0.16041977781017644,
    },
    "discharge_code": {
        "1": 0.13969490886009991, "2": 0.22615193338558467, "3": 0.2030581127654897, "4": 0.21853866817506046,
        "5": 0.21641483015954915, "7": 0.2173213417533439, "8": 0.1633804701720494, "9": 0.2173213417533439,
        "10": 0.2173213417533439, "12": 0.2173213417533439, "15": 0.2173213417533439, "16": 0.2173213417533439,
        "17": 0.2173213417533439, "18": 0.17893109446209396, "22": 0.2789512667645952, "23": 0.2173213417533439,
        "24": 0.2173213417533439, "25": 0.18199127583492036, "26": 0.18120066237589286, "27": 0.2173213417533439,
        "28": 0.2173213417533439, "29": 0.2173213417533439, "30": 0.2173213417533439,
    },
    "metformin": {
        "No": 0.15879222285496258, "Steady": 0.14709975311882928, "Up": 0.154666784506383, "Down": 0.154666784506383,
    },
    "insulin": {
        "No": 0.16016578418998195, "Steady": 0.15833075342552508, "Down": 0.15840616998109636,
    },
}
# fmt: on
_CONTRIBUTIONS = contributions_of([*_ADDED], np.array([*_ADDED.values()]), _INPUTS, Asked())
EXPLAINED: dict[str, Any] = {
    **ANSWERS["rich"],
    "probability": 0.154666784506383,
    "reasons": reasons_of(_BASE, _CONTRIBUTIONS),
    "contributions": _CONTRIBUTIONS,
}
WHAT_IF: dict[str, Any] = {
    "hypothetical": True,
    **{name: ANSWERS["rich"][name] for name in ("model_name", "model_version", "dataset", "threshold")},
    "variants": [
        told_of(Changed(BY_NAME[name], category, {}), probability, Asked())
        for name, risks in _CHANGED.items()
        for category, probability in risks.items()
    ],
}
