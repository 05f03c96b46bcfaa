"""Gives a version that was trained before versions proved themselves its examples and its manifest.

The pipeline itself, loaded through skops, answers the version's own input example; the served files must answer alike.
"""

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
from readmission.inference import EXAMPLES_FILE, MANIFEST_FILE, ModelFileError, Scorer, ServingConfig, read_folder
from readmission.model import serving_files
from readmission.model.serving_files import records
from readmission.registry.promotion import find_version
from readmission.registry.removed import load_kept

logger = logging.getLogger(__name__)

ADOPTED = "adopted"
INPUT_EXAMPLE = "input_example.json"
NOTHING = "no version is in production, so there is none to adopt"


def adopt(settings: Settings, number: str | None = None) -> str:
    """Adopts a version, or the one in production, and says in a sentence what was done. Twice does no more than once.

    Raises:
        PromotionError: there is no such version.
        ModelFileError: its served files do not answer as its pipeline does, or it has no input example.
        RemovedError: MLflow or its store no longer has its files.
    """
    make_default(settings)
    tracking = client(settings)
    version = _version(settings, tracking, number)
    if version is None:
        return NOTHING
    what = f"version {version.version} of {version.name}"
    with tempfile.TemporaryDirectory(prefix="readmission-adopt-") as scratch:
        folder = download_version(settings, version, Path(scratch))
        served = folder / EXTRA_FILES
        with _refusing(what):
            if (served / MANIFEST_FILE).is_file():
                Scorer.load(served)
                return f"{what} proves itself already"
            examples = _prove(folder, what)
        how = f"{now().isoformat(timespec='seconds')}Z by release {__version__}: {examples} examples reproduced"
        add_served_file(settings, version, served / EXAMPLES_FILE)
        tracking.set_model_version_tag(version.name, version.version, ADOPTED, how)
        # Last: until it is there the version is refused as before, and adopted again.
        add_served_file(settings, version, served / MANIFEST_FILE)
    logger.info("%s was adopted, %s", what, how)
    return f"{what} was adopted: its files answer its {examples} examples as its pipeline does"


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


def _prove(folder: Path, what: str) -> int:
    """Writes the two files beside what is served of a version's folder, once they hold; gives how many examples."""
    served, rows = folder / EXTRA_FILES, _input_example(folder)
    pipeline = load_kept(str(folder), what)
    _hold_against(pipeline, Scorer.unproven(read_folder(served)), rows)
    serving_files.prove(served, rows, pipeline.predict_proba(rows)[:, 1])
    Scorer.load(served)
    return len(rows)


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
