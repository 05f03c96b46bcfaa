"""A version that was registered while `readmission` was one flat package: it loads, is promoted, exported and served.

`tests/data/flat_package_model.zip` is such a version's folder; skops recorded `readmission.forest.CalibratedForest`.
"""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.entities import LoggedModelOutput

from connections.model_registry import client, download_served_files, make_default, numbered_version, production_version
from connections.settings import Settings
from readmission.inference import Scorer
from readmission.model import serving_files
from readmission.model.forest import CalibratedForest, positive
from readmission.registry.adopt import adopt
from readmission.registry.export import export
from readmission.registry.keys import signing_key
from readmission.registry.promotion import promote, promote_if_better
from readmission.registry.signed_models import version_model
from readmission.training.mlflow_runs import open_run
from tests.conftest import ROOT
from tests.integration.pipeline import Trained
from tests.signed import KEYS

ARCHIVE = ROOT / "tests/data/flat_package_model.zip"
PROBABILITIES = [0.6734553087092013, 0.39583557916916706, 0.15752432957892007]
TAGS = {"val_roc_auc": "0.65", "val_brier": "0.09", "val_base_brier": "0.1", "dataset": "synthetic", "target": "lt30"}


@pytest.fixture(scope="module")
def settings(trained: Trained) -> Settings:
    """The trained pipeline's stores, with a registered model of this module's own; models are loaded from there."""
    make_default(trained.settings)
    return trained.settings.model_copy(update={"model_name": "modelo_flat_package"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The version's folder as it was logged."""
    unpacked = tmp_path_factory.mktemp("flat")
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(unpacked)
    return unpacked


@pytest.fixture(scope="module")
def version(settings: Settings, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The version, registered with the files that it was logged with, and adopted."""
    batches = tmp_path_factory.mktemp("batch") / "signed"
    assert "readmission.forest.CalibratedForest" in (folder / "MLmodel").read_text()
    tracking = client(settings)
    parent = open_run(tracking, settings, "before the move", {})
    batch = open_run(tracking, settings, "batch 1", {"batch_id": "1"}, parent.info.run_id)
    for run, name in ((batch, "modelo_entrenado_batch1"), (parent, "modelo_entrenado_final")):
        model = tracking.create_logged_model(run.info.experiment_id, name=name, source_run_id=run.info.run_id)
        if run is batch:  # as a training of today would have it: `adopt` is for versions
            shutil.copytree(folder, batches)
            kept = json.loads((folder / "input_example.json").read_text())
            rows = pd.DataFrame(kept["data"], columns=kept["columns"])
            serving_files.write_examples(batches / "extra_files", rows, np.array(PROBABILITIES))
            signing_key(settings).sign_folder(batches)
        tracking.log_model_artifacts(model.model_id, str(batches if run is batch else folder))
        tracking.finalize_logged_model(model.model_id, "READY")
        tracking.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
        tracking.set_terminated(run.info.run_id)
    tracking.create_registered_model(settings.model_name)
    source, run_id = f"models:/{model.model_id}", parent.info.run_id
    made = tracking.create_model_version(settings.model_name, source, run_id, tags=TAGS, model_id=model.model_id)
    assert "was adopted" in adopt(settings, str(made.version))
    return str(made.version)


@pytest.fixture(scope="module")
def example(folder: Path) -> pd.DataFrame:
    """The three encounters that were logged with it."""
    kept = json.loads((folder / "input_example.json").read_text())
    return pd.DataFrame(kept["data"], columns=kept["columns"])


def test_it_loads_and_scores_as_it_did(settings: Settings, version: str, example: pd.DataFrame) -> None:
    found = numbered_version(settings, int(version))
    assert found is not None
    pipeline = version_model(settings, found).pipeline()
    assert type(pipeline["forest"]) is CalibratedForest
    assert positive(pipeline, example).tolist() == pytest.approx(PROBABILITIES, abs=1e-9)


def test_it_is_promoted_and_its_served_files_score_as_it_did(
    settings: Settings, version: str, example: pd.DataFrame, tmp_path: Path
) -> None:
    assert promote_if_better(settings, settings.model_name, version).promoted
    production = production_version(settings)
    assert production is not None and production.version == version
    scorer = Scorer.load(download_served_files(settings, production, tmp_path), KEYS)
    rows = [{str(name): value for name, value in row.items()} for row in example.to_dict("records")]
    assert scorer.probabilities(rows).tolist() == pytest.approx(PROBABILITIES, abs=1e-6)


def test_it_is_exported_under_the_present_path(settings: Settings, version: str, tmp_path: Path) -> None:
    promote(settings, settings.model_name, version, "to be exported")
    written = export(settings, tmp_path)
    assert [path.name for path in written] == ["modelo_entrenado_batch1.pkl", "modelo_entrenado_final.pkl"]
    for path in written:  # not loaded, like any pickle; who loads it looks the class up by this path
        assert b"readmission.model.forest" in path.read_bytes()
