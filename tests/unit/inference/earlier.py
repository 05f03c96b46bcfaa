"""Served folders that a test changes, and one of the contract before."""

import hashlib
import json
from pathlib import Path

from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from readmission.features import NUMBERS
from readmission.inference import FOREST_FILE, REASONS_FILE, SERVING_FILE
from readmission.model import serving_files
from readmission.model.forest import inputs
from tests.signed import sign_served
from tests.unit.prepared import prepared_rows

LEFT_OUT = "number_diagnoses"


def of_the_contract_before(pipeline: Pipeline, folder: Path, **more: object) -> None:
    """Makes a served folder into one that was trained under contract 0, which had no `number_diagnoses`.

    Args:
        pipeline: what the folder's preprocessing was fitted in.
        folder: its served files, which are written over.
        more: what its `serving.json` says besides.
    """
    rows, place = prepared_rows(800, seed=9), NUMBERS.index(LEFT_OUT)
    matrix = pipeline["columns"].transform(inputs(rows))
    kept = [column for column in range(matrix.shape[1]) if column != place]
    forest = RandomForestClassifier(30, min_samples_leaf=5, random_state=1).fit(matrix[:, kept], rows["target"])
    model = to_onnx(forest, initial_types=[("matrix", FloatTensorType([None, len(kept)]))], options={"zipmap": False})
    (folder / FOREST_FILE).write_bytes(model.SerializeToString())
    told = json.loads((folder / SERVING_FILE).read_text())
    told["numbers"] = [number for number in told["numbers"] if number["name"] != LEFT_OUT]
    told |= {"contract_version": "0", "forest_sha256": hashlib.sha256(model.SerializeToString()).hexdigest(), **more}
    (folder / SERVING_FILE).write_text(json.dumps(told), encoding="utf-8")
    examples = inputs(rows.head(20)).drop(columns=LEFT_OUT)
    votes = forest.predict_proba(matrix[:20][:, kept])[:, 1]
    serving_files.write_examples(folder, examples, pipeline["forest"].calibration.apply(votes))
    (folder / REASONS_FILE).unlink(missing_ok=True)  # no version of that time has it
    sign_served(folder)
