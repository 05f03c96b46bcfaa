"""Writes the files that the prediction service loads, and checks that they answer as the pipeline does."""

import hashlib
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.pipeline import Pipeline

from readmission.errors import TrainingError
from readmission.features import BY_NAME, CONTRACT_VERSION, DIAGNOSES
from readmission.inference import (
    EXAMPLES_FILE,
    FOREST_FILE,
    REASONS_FILE,
    SERVING_FILE,
    Examples,
    NumberScale,
    Scorer,
    ServingConfig,
    read_folder,
)
from readmission.model.forest import CalibratedForest, columns_of, inputs, positive
from readmission.model.reasons import check_reasons, trees_of
from readmission.model.served_matrix import served_matrix

PARITY = 1e-6
EXAMPLES = 20


def write(pipeline: Pipeline, folder: Path, rows: pd.DataFrame, *, dataset: str, target: str) -> list[Path]:
    """Writes what is served of a fitted pipeline into an existing, empty folder.

    Args:
        pipeline: the fitted pipeline.
        folder: where the files go.
        rows: prepared rows that it was not trained on, of which some become its examples.
        dataset: "real" or "synthetic".
        target: what it predicts, "lt30" or "any".
    """
    forest: CalibratedForest = pipeline["forest"]
    used = columns_of(pipeline)
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
        capacity_threshold=getattr(forest, "capacity_threshold_", None),  # a forest of before has none
        calibration=forest.calibration,
        numbers=[
            NumberScale(name=name, mean=float(mean), scale=float(scale))
            for name, mean, scale in zip(used.numbers, scaler.mean_, scaler.scale_, strict=True)
        ],
        categories={name: list(BY_NAME[name].vocabulary) for name in used.categories},
        anywhere=list(DIAGNOSES),
        forest_sha256=hashlib.sha256(model).hexdigest(),
    )
    (folder / FOREST_FILE).write_bytes(model)
    (folder / SERVING_FILE).write_text(config.model_dump_json(indent=2), encoding="utf-8")
    (folder / REASONS_FILE).write_bytes(trees_of(forest).to_bytes())
    examples = write_examples(folder, *_examples(pipeline, rows))
    return [folder / FOREST_FILE, folder / SERVING_FILE, folder / REASONS_FILE, examples]


def write_examples(folder: Path, rows: pd.DataFrame, probabilities: NDArray[np.float64]) -> Path:
    """Writes `examples.json` beside what is served.

    Args:
        folder: the served files.
        rows: the model's inputs, one row an example; they name no patient.
        probabilities: shape (rows,), the pipeline's own.
    """
    examples = Examples(rows=records(rows), probabilities=probabilities.tolist())
    (folder / EXAMPLES_FILE).write_text(examples.model_dump_json(), encoding="utf-8")
    return folder / EXAMPLES_FILE


def check_parity(pipeline: Pipeline, folder: Path, rows: pd.DataFrame) -> float:
    """The largest difference between the pipeline's probabilities and the served files' on prepared rows.

    Raises:
        TrainingError: it is above 1e-6, so that serving would not answer what training measured, or explain another
            risk.
    """
    served, expected = Scorer.unproven(read_folder(folder)), positive(pipeline, rows)
    asked = served_matrix(served, rows)
    difference = float(np.abs(served.of_matrix(asked) - expected).max())
    if not difference <= PARITY:  # nan included
        raise TrainingError(f"the served model differs from the trained one by {difference:.1e} (at most {PARITY})")
    check_reasons(served, asked, expected)
    return difference


def _examples(pipeline: Pipeline, rows: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Rows from the lowest to the highest probability, evenly spaced, with the pipeline's answers."""
    probabilities = positive(pipeline, rows)
    places = np.unique(np.linspace(0, len(rows) - 1, EXAMPLES).astype(int))
    chosen = np.argsort(probabilities, kind="stable")[places]
    return inputs(rows, pipeline).iloc[chosen], probabilities[chosen]


def records(rows: pd.DataFrame) -> list[dict[str, str | float]]:
    """The model's inputs as rows that a scorer takes."""
    found = cast(list[Mapping[Hashable, object]], rows.to_dict(orient="records"))
    return cast(list[dict[str, str | float]], found)
