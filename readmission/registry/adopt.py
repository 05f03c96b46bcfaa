"""Signs a version that was trained before versions were signed, and gives it what else it lacks to prove itself.

The pipeline itself, loaded through skops, answers the version's own input example; the served files must answer alike.
The version in production also gets the record of its promotion, where no version of its model has one yet: what was
there when models began to be signed is trusted, once.
"""

import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient
from sklearn.pipeline import Pipeline

from connections.model_registry import (
    EXTRA_FILES,
    RegisteredVersion,
    client,
    make_default,
    production_version,
    registered,
)
from connections.settings import Settings
from connections.version_files import add_served_file, download_version
from readmission import __version__
from readmission.clock import now
from readmission.inference import (
    EXAMPLES_FILE,
    MANIFEST_FILE,
    SERVED_FOLDER,
    SIGNATURE_FILE,
    Examples,
    Manifest,
    ModelFileError,
    Scorer,
    ServedFiles,
    ServingConfig,
    check_version,
    parsed,
    read_folder,
)
from readmission.model import serving_files
from readmission.model.mlflow_models import rebuilt
from readmission.model.serving_files import records
from readmission.model.signing import SigningKey
from readmission.registry import records as promotions
from readmission.registry.keys import signing_key
from readmission.registry.production import find_version

logger = logging.getLogger(__name__)

ADOPTED = "adopted"
INPUT_EXAMPLE = "input_example.json"
NOTHING = "no version is in production, so there is none to adopt"


def adopt(settings: Settings, number: str | None = None) -> str:
    """Adopts a version, or the one in production, and says in a sentence what was done. Twice does no more than once.

    Raises:
        PromotionError: there is no such version.
        SigningKeyError: there is no key to sign with.
        ModelFileError: its served files do not answer as its pipeline does, or it has no input example.
        MlflowException: MLflow or its store no longer has its files.
    """
    make_default(settings)
    tracking, key = client(settings), signing_key(settings)
    version = _version(settings, tracking, number)
    if version is None:
        return NOTHING
    what = f"version {version.version} of {version.name}"
    with tempfile.TemporaryDirectory(prefix="readmission-adopt-") as scratch:
        folder = download_version(settings, version, Path(scratch))
        with _refusing(what):
            examples = _proven(folder, key)
            if examples is None:
                said = f"{what} proves itself already"
            else:
                _upload(settings, tracking, version, folder, examples)
                said = f"{what} was adopted: its files answer its {examples} examples as its pipeline does"
        return said + _recorded(settings, tracking, version, folder)


def _upload(
    settings: Settings, tracking: MlflowClient, version: RegisteredVersion, folder: Path, examples: int
) -> None:
    served = folder / EXTRA_FILES
    how = f"{now().isoformat(timespec='seconds')}Z by release {__version__}: {examples} examples reproduced"
    for name in (EXAMPLES_FILE, MANIFEST_FILE):
        add_served_file(settings, version, served / name)
    tracking.set_model_version_tag(version.name, version.version, ADOPTED, how)
    # Last: until it is there the version is refused as before, and adopted again.
    add_served_file(settings, version, served / SIGNATURE_FILE)
    logger.warning("version %s of %s was adopted, %s", version.version, version.name, how)


def _recorded(settings: Settings, tracking: MlflowClient, version: RegisteredVersion, folder: Path) -> str:
    """Records the version in production as promoted, if nothing of its model is; what was done, to end a sentence."""
    present = production_version(settings, version.name)
    if present is None or present.version != version.version or promotions.records(settings, version.name):
        return ""
    manifest = hashlib.sha256((folder / EXTRA_FILES / MANIFEST_FILE).read_bytes()).hexdigest()
    found = tracking.get_model_version(version.name, version.version)
    promotions.record(settings, found, manifest, "in production when promotions began to be recorded")
    told = ", and recorded as promoted, since it is in production and no promotion was recorded before"
    logger.warning("version %s of %s is trusted%s", version.version, version.name, told)
    return told


def _version(settings: Settings, tracking: MlflowClient, number: str | None) -> RegisteredVersion | None:
    if number is None:
        return production_version(settings)
    return registered(find_version(tracking, settings.model_name, number))


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{what} is not adopted: {error}; train again, or promote another version") from error


def _proven(folder: Path, key: SigningKey) -> int | None:
    """Signs a version's folder once its files hold, and gives how many examples they answer; None where it was signed.

    Raises:
        ModelFileError: they do not hold; or a signature is there, which is not written over.
    """
    files = read_folder(folder)
    served = folder / EXTRA_FILES
    if SERVED_FOLDER + SIGNATURE_FILE in files:
        check_version(files, key.trusted)
        Scorer.load(served, key.trusted)
        return None
    kept = read_folder(served)
    rows = _kept_examples(kept) if MANIFEST_FILE in kept else None
    if rows is None:
        rows = _input_example(folder)
    pipeline = rebuilt(files)
    _hold_against(pipeline, Scorer.unproven(kept), rows)
    serving_files.write_examples(served, rows, pipeline.predict_proba(rows)[:, 1])
    key.sign_folder(folder)
    Scorer.load(served, key.trusted)
    return len(rows)


def _kept_examples(kept: ServedFiles) -> pd.DataFrame:
    """The examples of a version that has a manifest, which nobody signed, once that holds.

    One of before names the served files alone; one of today was left by an adoption that broke off.
    """
    manifest = parsed(kept, MANIFEST_FILE, Manifest)
    (manifest.served() if manifest.served().files else manifest).check(kept)
    return pd.DataFrame(parsed(kept, EXAMPLES_FILE, Examples).rows)


def _input_example(folder: Path) -> pd.DataFrame:
    """The rows that MLflow keeps with a model; its own reader looks for them where the model was when it was logged."""
    try:
        kept = json.loads((folder / INPUT_EXAMPLE).read_bytes())
        rows = pd.DataFrame(kept["data"], columns=kept["columns"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{INPUT_EXAMPLE} cannot be read ({type(error).__name__})") from error
    if rows.empty:
        raise ModelFileError(f"{INPUT_EXAMPLE} has no row")
    return rows


def _hold_against(pipeline: Pipeline, served: Scorer, rows: pd.DataFrame) -> None:
    """Holds what is served against the pipeline, on more rows than the few of the input example."""
    wide = pd.concat([rows, _variations(rows, served.config)], ignore_index=True)
    difference = float(np.abs(served.probabilities(records(wide)) - pipeline.predict_proba(wide)[:, 1]).max())
    if not difference <= serving_files.PARITY:  # nan included
        raise ModelFileError(f"its served files answer otherwise than its pipeline, by {difference:.1e}")


def _variations(rows: pd.DataFrame, config: ServingConfig) -> pd.DataFrame:
    """The first row with each category in turn, and with each number a little and far above its mean."""
    first = rows.iloc[0].to_dict()
    changes: list[tuple[str, object]] = [
        (name, value) for name, vocabulary in config.categories.items() for value in vocabulary
    ]
    changes += [
        (one.name, float(round(one.mean + far * one.scale))) for one in config.numbers for far in (0.0, 1.0, 4.0)
    ]
    return pd.DataFrame([{**first, name: value} for name, value in changes])
