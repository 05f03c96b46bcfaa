"""A model's files, fetched and held against their signature before anything of them is read, and its pipeline."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sklearn.pipeline import Pipeline

from connections.failures import words
from connections.model_registry import RegisteredVersion, location
from connections.settings import Settings
from connections.version_files import download_model
from readmission.errors import RemovedError
from readmission.inference import (
    MANIFEST_FILE,
    SERVED_FOLDER,
    PublicKeys,
    Scorer,
    ServedFiles,
    check_version,
    read_folder,
    served_of,
)
from readmission.model.mlflow_models import load_pipeline
from readmission.registry.keys import naming_untrusted, public_keys
from readmission.registry.removed import refused


@dataclass(frozen=True)
class SignedModel:
    """All files of a model, by their paths below its folder, whose signature held."""

    files: ServedFiles
    keys: PublicKeys
    what: str

    @property
    def manifest_sha256(self) -> str:
        """What tells these files from all others."""
        return hashlib.sha256(self.files[SERVED_FOLDER + MANIFEST_FILE]).hexdigest()

    @property
    def served(self) -> ServedFiles:
        """Those of them that are served, by their paths within their own folder."""
        return served_of(self.files)

    def pipeline(self) -> Pipeline:
        """The fitted pipeline.

        Raises:
            UntrustedModelError: it is not of types that are trusted.
        """
        with naming_untrusted(self.what):
            return load_pipeline(self.files, self.keys)

    def scorer(self) -> Scorer:
        """What the prediction service answers with.

        Raises:
            UntrustedModelError: it cannot be served.
        """
        with naming_untrusted(self.what):
            return Scorer.proven(self.served, self.keys)


def version_model(settings: Settings, version: RegisteredVersion) -> SignedModel:
    """The files of a registered version.

    Raises:
        RemovedError: MLflow or its store no longer has them.
        UntrustedModelError: nobody who is trusted signed them as they are.
    """
    what = f"version {version.version} of {version.name}"
    with _naming_removed(what):
        place = location(settings, version)
    return _model(settings, place, what)


def logged_model(settings: Settings, tracking: MlflowClient, model_id: str, what: str) -> SignedModel:
    """The files of a LoggedModel, called `what` in messages; raises as `version_model`."""
    with _naming_removed(what):
        place = str(tracking.get_logged_model(model_id).artifact_location)
    return _model(settings, place, what)


def _model(settings: Settings, place: str, what: str) -> SignedModel:
    keys = public_keys(settings)
    with tempfile.TemporaryDirectory(prefix="readmission-model-") as scratch, naming_untrusted(what):
        with _naming_removed(what):
            files = read_folder(download_model(settings, place, Path(scratch)))
        if not files:
            raise RemovedError(f"the files of {what} were removed from MLflow's store")
        check_version(files, keys)
    return SignedModel(files, keys, what)


@contextmanager
def _naming_removed(what: str) -> Iterator[None]:
    try:
        yield
    except MlflowException as error:
        if not refused(error):
            raise
        raise RemovedError(f"{what} was removed from MLflow or its store ({words(error)})") from error
    except OSError as error:  # an empty folder
        raise RemovedError(f"the files of {what} were removed from MLflow's store ({error})") from error
