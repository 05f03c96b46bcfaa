"""What scores a matrix: the served ONNX forest, or scikit-learn's own. Both answer the same within 1e-6."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from connections.model_registry import RegisteredVersion, download_served_files
from connections.settings import Settings
from readmission.clean.cleaning import coded
from readmission.inference import Scorer, ServingConfig
from readmission.registry.keys import naming_untrusted, public_keys
from readmission.registry.signed_models import version_model
from readmission.scoring.choices import EngineName

Matrix = NDArray[np.float32]
Probabilities = NDArray[np.float64]
# Rows that a thread scores at a time: few enough for its cache, and many enough for the call to cost nothing.
_ROWS: dict[str, int] = {"onnx": 1_000, "sklearn": 4_000}


@dataclass(frozen=True)
class Engine:
    """A model in memory, its name among the engines, and the threads that score with it."""

    name: Literal["onnx", "sklearn"]
    scorer: Scorer
    score: Callable[[Matrix], Probabilities]
    pool: ThreadPoolExecutor

    @property
    def config(self) -> ServingConfig:
        """What turns an encounter into the model's matrix and its vote into an answer."""
        return self.scorer.config

    def begin(self, frame: pl.DataFrame) -> Callable[[], Probabilities]:
        """Begins to score the model's values of some rows; the answer waits for their probabilities."""
        matrix, step = matrix_of_frame(self.scorer, frame), _ROWS[self.name]
        parts = [self.pool.submit(self.score, matrix[first : first + step]) for first in range(0, len(matrix), step)]
        return partial(_collected, parts)


def _collected(parts: list["Future[Probabilities]"]) -> Probabilities:
    return np.concatenate([np.empty(0), *(part.result() for part in parts)])


@contextmanager
def engine_of(settings: Settings, version: RegisteredVersion, name: EngineName, threads: int) -> Iterator[Engine]:
    """A version ready to score. `auto` is `onnx`, which is the faster one (`make bench-score`).

    Raises:
        UntrustedModelError: the files are not as the pipeline signed them, or of another contract.
        RemovedError: the model is gone from MLflow or its store.
    """
    what = f"version {version.version} of {version.name}"
    with tempfile.TemporaryDirectory(prefix="readmission-model-") as folder, naming_untrusted(what):
        scorer = Scorer.load(download_served_files(settings, version, Path(folder)), public_keys(settings))
    with ThreadPoolExecutor(threads, "scoring") as pool:
        yield (
            sklearn_engine(scorer, _pipeline(settings, version), pool)
            if name == "sklearn"
            else onnx_engine(scorer, pool)
        )


def onnx_engine(scorer: Scorer, pool: ThreadPoolExecutor) -> Engine:
    """The served forest."""
    return Engine("onnx", scorer, scorer.of_matrix, pool)


def sklearn_engine(scorer: Scorer, pipeline: Pipeline, pool: ThreadPoolExecutor) -> Engine:
    """The forest of the fitted pipeline that the served files were made of."""
    forest = pipeline["forest"]

    def score(matrix: Matrix) -> Probabilities:
        probabilities: Probabilities = forest.predict_proba(matrix)[:, 1]
        return probabilities

    forest.forest_.n_jobs = 1  # the rows are shared out among threads, not the trees
    return Engine("sklearn", scorer, score, pool)


def _pipeline(settings: Settings, version: RegisteredVersion) -> Pipeline:
    return version_model(settings, version).pipeline()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def matrix_of_frame(scorer: Scorer, frame: pl.DataFrame) -> Matrix:
    """The forest's input, shape (rows, columns), of the model's fields: that of the service, column by column."""
    encoding = scorer.encoding
    places = np.column_stack([_places(frame[name], of, encoding.width) for name, of in encoding.categories.items()])
    return encoding.of_columns(frame.select(encoding.numbers).to_numpy(), places)


def _places(texts: pl.Series, columns: Mapping[str, int], unknown: int) -> NDArray[np.intp]:
    distinct, which = coded(texts)
    return np.array([columns.get(text, unknown) for text in distinct], dtype=np.intp)[which]
