"""The data set as it is published, pieces of it, and what a download that was kept leaves in the folder."""

import hashlib

from tests.unit.dataset.site import zipped

BOTH = ["Diabetes.csv", "Diabetes.csv.source.json"]


def published(csv: bytes) -> bytes:
    inner = zipped({"dataset_diabetes/diabetic_data.csv": csv, "dataset_diabetes/IDs_mapping.csv": b"a,b\n"})
    return zipped({"dataset_diabetes.zip": inner})


def without_last(csv: bytes) -> bytes:
    return b"".join(csv.splitlines(keepends=True)[:-1])


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
