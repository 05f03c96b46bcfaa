"""Scores encounters in numpy and ONNX Runtime: no pandas, no scikit-learn, nothing unpickled.

A served model is a folder of files that training writes beside the MLflow model: `forest.onnx` (the unweighted forest
over the preprocessed matrix), `serving.json` (what else an answer needs), `examples.json` (some rows with the
pipeline's own answers), `reasons.bin` (the forest's trees with the mean of each node, for explaining), its
card (`card.json`, `card.md`, `card.html`), `manifest.json`
(size and sha256 of these and of every other file of the version) and its signature, `manifest.sig`.
"""

from readmission.inference.attribution import Attribution, Contributions
from readmission.inference.encoding import Encoding
from readmission.inference.promotion_record import (
    RECORD_TAG,
    PromotionRecord,
    SignedRecord,
    check_latest,
    record_of,
    records_among,
)
from readmission.inference.proof import Examples, Manifest, check_served, check_version
from readmission.inference.scorer import Scorer
from readmission.inference.served_files import (
    CARD_FILES,
    EXAMPLES_FILE,
    FOREST_FILE,
    MANIFEST_FILE,
    REASONS_FILE,
    SERVED_FOLDER,
    SERVING_FILE,
    SIGNATURE_FILE,
    ModelFileError,
    ServedFiles,
    Why,
    check_size,
    parsed,
    read_folder,
    served_of,
)
from readmission.inference.serving_config import PROBABILITY_MARGIN, Calibration, NumberScale, ServingConfig
from readmission.inference.signatures import PublicKeys, Purpose, Signature, key_id, signed_bytes
from readmission.inference.trees import LEAF, Trees

__all__ = [
    "CARD_FILES",
    "EXAMPLES_FILE",
    "FOREST_FILE",
    "LEAF",
    "MANIFEST_FILE",
    "PROBABILITY_MARGIN",
    "REASONS_FILE",
    "RECORD_TAG",
    "SERVED_FOLDER",
    "SERVING_FILE",
    "SIGNATURE_FILE",
    "Attribution",
    "Calibration",
    "Contributions",
    "Encoding",
    "Examples",
    "Manifest",
    "ModelFileError",
    "NumberScale",
    "PromotionRecord",
    "PublicKeys",
    "Purpose",
    "Scorer",
    "ServedFiles",
    "ServingConfig",
    "Signature",
    "SignedRecord",
    "Trees",
    "Why",
    "check_latest",
    "check_served",
    "check_size",
    "check_version",
    "key_id",
    "parsed",
    "read_folder",
    "record_of",
    "records_among",
    "served_of",
    "signed_bytes",
]
