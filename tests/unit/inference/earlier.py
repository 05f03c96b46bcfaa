"""Served folders that a test changes, and one of the contract before."""

import hashlib
import json
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from readmission.features import BY_NAME, CATEGORIES, DIAGNOSES, NUMBERS, STRACK_GROUPS
from readmission.inference import FOREST_FILE, REASONS_FILE, SERVING_FILE
from readmission.model import serving_files
from readmission.model.forest import inputs
from tests.signed import sign_served
from tests.unit.prepared import prepared_rows

LEFT_OUT = "number_diagnoses"
GROUPS = [*dict.fromkeys(STRACK_GROUPS.values()), "missing"]


def of_the_contract_before(pipeline: Pipeline, folder: Path, **more: object) -> None:
    """Makes a served folder into one of the contract before, which knew the nine groups of diagnoses alone, and where
    nothing was looked for in all three; it had no `number_diagnoses` either, for a field that came later.

    Args:
        pipeline: what the folder's preprocessing was fitted in.
        folder: its served files, which are written over.
        more: what its `serving.json` says besides.
    """
    rows = prepared_rows(800, seed=9)
    rows[list(DIAGNOSES)] = rows[list(DIAGNOSES)].map(lambda group: STRACK_GROUPS.get(group, group))
    numbers = pipeline["columns"].named_transformers_["numbers"].transform(inputs(rows)[list(NUMBERS)])
    categories = {name: list(BY_NAME[name].vocabulary) for name in CATEGORIES} | dict.fromkeys(DIAGNOSES, GROUPS)
    encoder = OneHotEncoder(categories=list(categories.values()), sparse_output=False)
    matrix = np.hstack([np.delete(numbers, NUMBERS.index(LEFT_OUT), 1), encoder.fit_transform(rows[list(CATEGORIES)])])
    forest = RandomForestClassifier(30, min_samples_leaf=5, random_state=1).fit(matrix, rows["target"])
    types = [("matrix", FloatTensorType([None, matrix.shape[1]]))]
    model = to_onnx(forest, initial_types=types, options={"zipmap": False})
    (folder / FOREST_FILE).write_bytes(model.SerializeToString())
    told = json.loads((folder / SERVING_FILE).read_text())
    told["numbers"] = [number for number in told["numbers"] if number["name"] != LEFT_OUT]
    told |= {"categories": categories, "anywhere": [], "contract_version": "1"}
    told |= {"forest_sha256": hashlib.sha256(model.SerializeToString()).hexdigest(), **more}
    (folder / SERVING_FILE).write_text(json.dumps(told), encoding="utf-8")
    examples = inputs(rows.head(20)).drop(columns=LEFT_OUT)
    votes = forest.predict_proba(matrix[:20])[:, 1]
    serving_files.write_examples(folder, examples, pipeline["forest"].calibration.apply(votes))
    (folder / REASONS_FILE).unlink(missing_ok=True)  # no version of that time has it
    sign_served(folder)
