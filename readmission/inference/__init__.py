"""Scores encounters in numpy and ONNX Runtime: no pandas, no scikit-learn, nothing unpickled.

A served model is a folder of four files that training writes beside the MLflow model: `forest.onnx` (the unweighted
forest over the preprocessed matrix), `serving.json` (what else an answer needs), `examples.json` (some rows with the
pipeline's own answers) and `manifest.json` (size and sha256 of the other three).
"""

from readmission.inference.encoding import Encoding
from readmission.inference.proof import Examples, Manifest
from readmission.inference.scorer import Scorer
from readmission.inference.served_files import (
    EXAMPLES_FILE,
    FOREST_FILE,
    MANIFEST_FILE,
    SERVING_FILE,
    ModelFileError,
    ServedFiles,
    read_folder,
)
from readmission.inference.serving_config import PROBABILITY_MARGIN, Calibration, NumberScale, ServingConfig

__all__ = [
    "EXAMPLES_FILE",
    "FOREST_FILE",
    "MANIFEST_FILE",
    "PROBABILITY_MARGIN",
    "SERVING_FILE",
    "Calibration",
    "Encoding",
    "Examples",
    "Manifest",
    "ModelFileError",
    "NumberScale",
    "Scorer",
    "ServedFiles",
    "ServingConfig",
    "read_folder",
]
