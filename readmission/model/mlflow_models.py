"""Logs a fitted pipeline to MLflow without a pickle, with the files that the prediction service loads, and signed."""

import logging
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow.sklearn
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, DataType, Schema
from sklearn.pipeline import Pipeline

from readmission.code_version import library_versions
from readmission.inference import ModelFileError, PublicKeys, ServedFiles, check_version
from readmission.model.forest import columns_of
from readmission.model.signing import SigningKey

PIPELINE_FILE = "model.skops"
# What skops may rebuild besides its own defaults, whatever a model says of itself.
TRUSTED_TYPES = [
    "numpy.dtype",
    "readmission.model.diagnoses.AnywhereEncoder",
    "readmission.model.forest.CalibratedForest",
    "sklearn.tree._tree.Tree",
]
# The forest's class as it was called while `readmission` was one flat package.
_FORMER_TYPES = ["readmission.forest.CalibratedForest"]
_REQUIRED = ("scikit-learn", "skops", "numpy", "pandas")


def signature(pipeline: Pipeline) -> ModelSignature:
    """A pipeline's inputs and output."""
    used = columns_of(pipeline)
    numbers = [ColSpec(DataType.double, name) for name in used.numbers]
    categories = [ColSpec(DataType.string, name) for name in used.categories]
    return ModelSignature(Schema([*numbers, *categories]), Schema([ColSpec(DataType.long)]))


class _SignedFlavor:
    """MLflow's flavor for scikit-learn, which signs what it has written before MLflow sends it to the store.

    What comes back from a store is never signed: somebody else may have written it.
    """

    __name__ = "mlflow.sklearn"

    def __init__(self, key: SigningKey, beside: Sequence[Path]) -> None:
        self._key, self._beside = key, beside

    def save_model(self, path: str, validate_serving_input: bool, **how: Any) -> None:
        """Writes a version's folder, with its manifest; `validate_serving_input` is a word for MLflow alone."""
        assert not validate_serving_input  # it would load the model by what its files say
        mlflow.sklearn.save_model(path=path, **how)
        for file in self._beside:
            shutil.copy(file, path)
        self._key.sign_folder(Path(path))


def log_model(
    name: str,
    pipeline: Pipeline,
    files: Sequence[Path],
    run_id: str,
    example: pd.DataFrame,
    key: SigningKey,
    beside: Sequence[Path] = (),
) -> ModelInfo:
    """Logs the pipeline as a LoggedModel of an open run.

    Args:
        name: the LoggedModel's.
        pipeline: the fitted pipeline.
        files: what is served.
        run_id: the run.
        example: a few rows of inputs.
        key: what every file is signed with.
        beside: further files of the version, which are not served: figures.
    """
    # A run can only be reopened while its own experiment is the active one, and a process may have chosen another.
    mlflow.set_experiment(experiment_id=mlflow.get_run(run_id).info.experiment_id)
    with mlflow.start_run(run_id=run_id, nested=True), _quietly():
        logged: ModelInfo = Model.log(
            artifact_path=None,  # what `name` was called
            name=name,
            flavor=_SignedFlavor(key, beside),
            validate_serving_input=False,
            sk_model=pipeline,
            serialization_format="skops",
            skops_trusted_types=TRUSTED_TYPES,
            signature=signature(pipeline),
            input_example=example,
            pip_requirements=[f"{library}=={library_versions()[library]}" for library in _REQUIRED],
            extra_files=[str(path) for path in files],
        )
    return logged


def load_pipeline(files: ServedFiles, keys: PublicKeys) -> Pipeline:
    """The pipeline among all files of a version, once their signature holds.

    It is rebuilt by skops from types of our own list: nothing is unpickled, and nothing else of the files is asked how.

    Raises:
        ModelFileError: the signature does not hold, or skops finds a type that is not on the list.
    """
    check_version(files, keys)
    return rebuilt(files)


def rebuilt(files: ServedFiles) -> Pipeline:
    """The same without a signature: for who is about to hold it against what else proves it.

    Raises:
        ModelFileError: there is no pipeline of skops among the files, or it has a type that is not on the list.
    """
    if PIPELINE_FILE not in files:
        raise ModelFileError(f"{PIPELINE_FILE} is missing")
    try:
        with _quietly():
            import skops.io  # which warns as it is imported, too

            found = skops.io.loads(files[PIPELINE_FILE], trusted=[*TRUSTED_TYPES, *_FORMER_TYPES])
    except Exception as error:  # however a file can be no pipeline of skops
        raise ModelFileError(
            f"{PIPELINE_FILE} cannot be rebuilt from trusted types ({type(error).__name__})"
        ) from error
    if not isinstance(found, Pipeline):
        raise ModelFileError(f"{PIPELINE_FILE} holds no pipeline")
    return found


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
