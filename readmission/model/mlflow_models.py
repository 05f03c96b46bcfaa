"""Logs a fitted pipeline to MLflow without a pickle, with the files that the prediction service loads."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import mlflow.sklearn
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, DataType, Schema
from sklearn.pipeline import Pipeline

from readmission.code_version import library_versions
from readmission.features import CATEGORIES, NUMBERS

# What skops may rebuild besides its own defaults.
TRUSTED_TYPES = ["numpy.dtype", "readmission.model.forest.CalibratedForest", "sklearn.tree._tree.Tree"]
_REQUIRED = ("scikit-learn", "skops", "numpy", "pandas")


def signature() -> ModelSignature:
    """The model's inputs and output, from the feature contract."""
    numbers = [ColSpec(DataType.double, name) for name in NUMBERS]
    categories = [ColSpec(DataType.string, name) for name in CATEGORIES]
    return ModelSignature(Schema([*numbers, *categories]), Schema([ColSpec(DataType.long)]))


def log_model(name: str, pipeline: Pipeline, files: Sequence[Path], run_id: str, example: pd.DataFrame) -> ModelInfo:
    """Logs the pipeline as a LoggedModel of an open run; `files` travel with it as its extra files."""
    # A run can only be reopened while its own experiment is the active one, and a process may have chosen another.
    mlflow.set_experiment(experiment_id=mlflow.get_run(run_id).info.experiment_id)
    with mlflow.start_run(run_id=run_id, nested=True), _quietly():
        logged: ModelInfo = mlflow.sklearn.log_model(
            pipeline,
            name=name,
            serialization_format="skops",
            skops_trusted_types=TRUSTED_TYPES,
            signature=signature(),
            input_example=example,
            pip_requirements=[f"{library}=={library_versions()[library]}" for library in _REQUIRED],
            extra_files=[str(path) for path in files],
        )
    return logged


def load_pipeline(model_uri: str) -> Pipeline:
    """Loads a logged pipeline through skops; nothing is unpickled."""
    with _quietly():
        return mlflow.sklearn.load_model(model_uri)


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what says nothing of the model.

    skops looks through every module of the process, and each that was renamed warns of it: over 1,000 in Airflow.
    MLflow misses pip, which an environment that uv made does not have.
    """
    of_environments = logging.getLogger("mlflow.utils.environment")
    level = of_environments.level
    of_environments.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for category in (DeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", category)
            yield
    finally:
        of_environments.setLevel(level)
