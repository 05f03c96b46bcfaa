"""The models of a training: named, no pickle in them, requirements pinned, and the same answers wherever loaded."""

import logging
from pathlib import Path

import mlflow.artifacts
import numpy as np
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from sklearn.pipeline import Pipeline

from connections.model_registry import EXTRA_FILES, client, download_served_files, production_version
from connections.settings import Settings
from readmission.clean import prepared_sets
from readmission.features import CATEGORIES, NUMBERS
from readmission.inference import Scorer
from readmission.local.service import Folders
from readmission.model.forest import inputs, make_pipeline, positive
from readmission.model.mlflow_models import signature
from readmission.params import ForestParams
from readmission.registry import signed_models
from readmission.registry.batch_models import logged_model_id
from readmission.registry.card.shapes import Card
from tests.integration.pipeline import ROWS, Trained
from tests.integration.training.left import logged_model
from tests.signed import KEYS


def test_the_models_have_their_names_and_hold_no_pickle(
    tracking: MlflowClient, parent: Run, candidates: list[Run]
) -> None:
    names = [logged_model(tracking, run).name for run in (*candidates, parent)]
    batches = [f"modelo_entrenado_batch{batch}" for batch in (1, 2, 3)]
    assert names == [*batches, "modelo_entrenado_ensemble", "modelo_entrenado_final"]
    for run in (*candidates, parent):
        info = mlflow.models.get_model_info(f"models:/{logged_model_id(run)}")
        flavor = info.flavors["sklearn"]
        assert (flavor["serialization_format"], flavor["pickled_model"]) == ("skops", "model.skops")
        assert info.signature == signature(_pipeline(history=False))
        assert info.saved_input_example_info is not None


def test_the_signature_is_the_contracts() -> None:
    schema = signature(_pipeline(history=False)).inputs
    assert schema.input_names() == [*NUMBERS, *CATEGORIES]
    kinds = [str(kind) for kind in schema.input_types()]
    assert kinds == ["DataType.double"] * len(NUMBERS) + ["DataType.string"] * len(CATEGORIES)


def test_history_is_in_the_signature_of_a_model_that_uses_it() -> None:
    names = signature(_pipeline(history=True)).inputs.input_names()
    assert names == [*NUMBERS, "previous_stays", *CATEGORIES, "previous_readmitted"]


def _pipeline(history: bool) -> Pipeline:
    return make_pipeline(ForestParams(), 1, history=history)


def test_the_requirements_are_explicit_and_pinned(trained: Trained, tmp_path: Path) -> None:
    uri = f"models:/{trained.outcome.name}/{trained.outcome.version}/requirements.txt"
    lines = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path))).read_text().split()
    names = {line.partition("==")[0] for line in lines}
    assert {"scikit-learn", "skops", "numpy", "pandas"} <= names
    assert all("==" in line for line in lines)


def test_the_files_are_in_the_servers_folder(stores: Settings, tracking: MlflowClient, candidates: list[Run]) -> None:
    """The path is MLflow's to choose: it is asked for, and looked for on disk."""
    location = logged_model(tracking, candidates[0]).artifact_location.removeprefix("mlflow-artifacts:/")
    folder = Folders.of(stores).of_service("mlflow") / "artifacts" / location.strip("/")
    sizes = {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    served = {f"{EXTRA_FILES}/forest.onnx", f"{EXTRA_FILES}/serving.json"}
    assert {"MLmodel", "model.skops", "requirements.txt", "input_example.json", *served} <= sizes.keys()
    assert sizes["model.skops"] > 10_000
    assert not [name for name in sizes if name.endswith((".pkl", ".pickle", ".joblib", ".cloudpickle"))]


def test_the_version_the_best_candidate_and_the_served_files_answer_the_same(
    trained: Trained, best: Run, tmp_path: Path
) -> None:
    rows = prepared_sets.read_split(trained.settings, "test")
    version = production_version(trained.settings)
    assert version is not None
    learned = positive(kept_pipeline(trained.settings, best), rows)
    registered = positive(signed_models.version_model(trained.settings, version).pipeline(), rows)
    scorer = Scorer.load(download_served_files(trained.settings, version, tmp_path), KEYS)
    records = [{str(name): value for name, value in row.items()} for row in inputs(rows).to_dict(orient="records")]
    assert (registered == learned).all()
    card = Card.model_validate_json(scorer.card["json"])
    assert card.reports["test"].figures["recall"].value == pytest.approx(best.data.metrics["test_recall"], abs=1e-6)
    assert (card.flow.loaded, card.flow.excluded) == (ROWS, ROWS - sum(one.rows for one in card.flow.splits.values()))
    assert card.flow.splits["test"].positives == rows["target"].sum()
    assert scorer.card["html"].startswith(b"<!doctype html>") and b"## Groups" in scorer.card["md"]
    assert np.abs(scorer.probabilities(records) - learned).max() <= 1e-6


def kept_pipeline(settings: Settings, run: Run) -> Pipeline:
    return signed_models.logged_model(settings, client(settings), logged_model_id(run), "it").pipeline()


def test_the_versions_own_model_has_its_metrics_with_their_data_and_its_figures(
    tracking: MlflowClient, parent: Run, best: Run
) -> None:
    model = logged_model(tracking, parent)
    assert {metric.key: metric.value for metric in model.metrics or []} == best.data.metrics
    measured = {metric.key: metric.dataset_name for metric in model.metrics or []}
    assert (measured["val_f1"], measured["test_f1"]) == ("CLEAN_DATA.val_data", "CLEAN_DATA.test_data")
    assert measured["threshold"] is None
    files = {file.path for file in tracking.list_logged_model_artifacts(model.model_id)}
    assert {
        "val_calibration.png",
        "test_calibration.png",
        "test_roc.png",
        "importance.json",
        "importance.png",
        "MLmodel",
    } <= files


@pytest.mark.filterwarnings("default")
def test_logging_and_loading_a_model_warn_of_nothing(
    trained: Trained, candidates: list[Run], recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    """In an Airflow task each warning is a line of its log."""
    kept_pipeline(trained.settings, candidates[0])
    assert [str(warning.message) for warning in recwarn] == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
