"""Writes the two files that the prediction service loads, and checks that they answer as the pipeline does."""

import hashlib
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.pipeline import Pipeline

from readmission.errors import TrainingError
from readmission.features import BY_NAME, CATEGORIES, CONTRACT_VERSION, NUMBERS
from readmission.inference import FOREST_FILE, SERVING_FILE, NumberScale, Scorer, ServingConfig
from readmission.model.forest import CalibratedForest, inputs, positive

PARITY = 1e-6


def write(pipeline: Pipeline, folder: Path, *, dataset: str, target: str) -> list[Path]:
    """Writes `forest.onnx` and `serving.json` for a fitted pipeline into an existing folder."""
    forest: CalibratedForest = pipeline["forest"]
    scaler = pipeline["columns"].named_transformers_["numbers"]
    model = to_onnx(
        forest.forest_,
        initial_types=[("matrix", FloatTensorType([None, forest.forest_.n_features_in_]))],
        options={"zipmap": False},
    ).SerializeToString()
    config = ServingConfig(
        contract_version=CONTRACT_VERSION,
        dataset=dataset,
        target=target,
        threshold=forest.threshold_,
        calibration=forest.calibration,
        numbers=[
            NumberScale(name=name, mean=float(mean), scale=float(scale))
            for name, mean, scale in zip(NUMBERS, scaler.mean_, scaler.scale_, strict=True)
        ],
        categories={name: list(BY_NAME[name].vocabulary) for name in CATEGORIES},
        forest_sha256=hashlib.sha256(model).hexdigest(),
    )
    (folder / FOREST_FILE).write_bytes(model)
    (folder / SERVING_FILE).write_text(config.model_dump_json(indent=2), encoding="utf-8")
    return [folder / FOREST_FILE, folder / SERVING_FILE]


def check_parity(pipeline: Pipeline, folder: Path, rows: pd.DataFrame) -> float:
    """The largest difference between the pipeline's probabilities and the served files' on prepared rows.

    Raises:
        TrainingError: it is above 1e-6, so that serving would not answer what training measured.
    """
    records = cast(
        list[Mapping[str, str | float]],
        cast(list[Mapping[Hashable, object]], inputs(rows).to_dict(orient="records")),
    )
    served = Scorer.load(folder).probabilities(records)
    difference = float(np.abs(served - positive(pipeline, rows)).max())
    if not difference <= PARITY:  # nan included
        raise TrainingError(f"the served model differs from the trained one by {difference:.1e} (at most {PARITY})")
    return difference
