"""Versions that are nothing but their served files: made in a moment, for tests of how they are followed."""

import shutil
from pathlib import Path

from connections.model_registry import EXTRA_FILES, RegisteredVersion, client, registered
from connections.settings import Settings
from readmission.features import complete_request
from readmission.inference import Scorer
from readmission.model import serving_files
from readmission.registry.keys import signing_key
from tests.integration.app_back.promoted import put_in_production
from tests.integration.app_back.registry import fitted


def write_served(folder: Path, seed: int) -> Path:
    """The served files of a small forest, as training writes them."""
    pipeline, rows = fitted(seed)
    folder.mkdir(parents=True)
    serving_files.write(pipeline, folder, rows, dataset="synthetic", target="lt30")
    return folder


def register_served(settings: Settings, served: Path, scratch: Path, signed: bool = True) -> RegisteredVersion:
    """Registers a version of these files and puts it in production."""
    version = register_unpromoted(settings, served, scratch, signed)
    put_in_production(settings, version)
    return version


def register_unpromoted(settings: Settings, served: Path, scratch: Path, signed: bool = True) -> RegisteredVersion:
    """Registers a version of these files."""
    tracking = client(settings)
    found = tracking.get_experiment_by_name("served")
    experiment = found.experiment_id if found else tracking.create_experiment("served")
    model = tracking.create_logged_model(experiment, name="served")
    shutil.copytree(served, scratch / EXTRA_FILES)
    if signed and any(served.iterdir()):
        signing_key(settings).sign_folder(scratch)
    tracking.log_model_artifacts(model.model_id, str(scratch))
    tracking.finalize_logged_model(model.model_id, "READY")
    if not tracking.search_registered_models(f"name = '{settings.model_name}'"):
        tracking.create_registered_model(settings.model_name)
    made = tracking.create_model_version(settings.model_name, f"models:/{model.model_id}", model_id=model.model_id)
    return registered(made)


def answer(scorer: Scorer) -> float:
    """What a model says of the patient at all defaults, with four earlier stays."""
    return scorer.score(complete_request({"number_inpatient": 4}))


def tampered(content: bytes) -> bytes:
    """The same number of bytes, one of them another."""
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
