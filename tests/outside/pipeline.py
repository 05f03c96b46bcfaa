"""The main job, done by the DAGs and seen from outside: rows in MySQL, runs and a version in MLflow, files in S3."""

import pytest
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from sqlalchemy import text

from tests.conftest import REAL_ARCHIVE
from tests.outside.platform import REVISION, Outside

REAL = REAL_ARCHIVE.is_file()
MODEL = "mejor_modelo_diabetes"
ENCOUNTERS, BATCHES = 101_766, 6
# Half of the defaults' time goes into trees, and fewer of them show the same from outside.
FEWER_TREES = {"entrenar_modelo": {"n_estimators": 40}}


@pytest.mark.skipif(not REAL, reason="the real data set is not at ../shared/data")
def test_every_encounter_is_in_mysql(outside: Outside) -> None:
    assert number(outside, "SELECT COUNT(*) FROM RAW_DATA.initial_data") == ENCOUNTERS
    assert number(outside, "SELECT COUNT(DISTINCT batch_id) FROM CLEAN_DATA.train_data") == BATCHES
    splits = [number(outside, f"SELECT COUNT(*) FROM CLEAN_DATA.{split}_data") for split in ("train", "val", "test")]
    assert sum(splits) == 99_340
    assert [round(rows / sum(splits), 1) for rows in splits] == [0.8, 0.1, 0.1]


def test_no_patient_is_on_both_sides_of_the_split(outside: Outside) -> None:
    crossing = """
        SELECT COUNT(*) FROM (
            SELECT raw.patient_nbr
            FROM CLEAN_DATA.encounters AS e JOIN RAW_DATA.initial_data AS raw USING (encounter_id)
            GROUP BY raw.patient_nbr HAVING COUNT(DISTINCT e.split) > 1
        ) AS patients"""
    assert number(outside, crossing) == 0


def test_one_parent_run_has_a_finished_run_for_each_batch_and_their_vote(outside: Outside) -> None:
    parent = parents(outside)[0]
    children = runs(outside, f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    batches = number(outside, "SELECT COUNT(DISTINCT batch_id) FROM CLEAN_DATA.train_data")
    candidates = [*map(str, range(1, batches + 1)), *(["all"] if batches > 1 else [])]
    assert sorted(run.data.tags["batch_id"] for run in children) == candidates
    assert {run.info.status for run in (parent, *children)} == {"FINISHED"}
    assert len({run.data.metrics["val_f1"] for run in children}) == len(candidates)
    assert number(outside, "SELECT COUNT(*) FROM CLEAN_DATA.experiments") >= batches


def test_the_best_candidate_on_validation_is_in_production(outside: Outside) -> None:
    version, parent = production(outside), parents(outside)[-1]
    children = runs(outside, f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    first = max((run.data.metrics for run in children), key=lambda metrics: metrics["val_f1"])
    least = first["val_f1"] - first["val_f1_standard_error"]
    tied = [run for run in children if run.data.metrics["val_f1"] >= least]
    best = max(tied, key=lambda run: run.data.metrics["val_roc_auc"])
    assert version.run_id == parent.info.run_id
    assert version.tags["batch_id"] == best.data.tags["batch_id"]
    assert version.current_stage == "Production"
    assert version.tags["git_revision"] == REVISION
    assert float(version.tags["test_brier"]) < float(version.tags["test_base_brier"])
    assert version.tags["dataset"] == ("real" if REAL else "synthetic")
    if REAL:
        assert float(version.tags["test_roc_auc"]) >= 0.64
        assert float(version.tags["test_f1"]) >= 0.25


def test_the_models_files_are_in_the_bucket_and_none_is_a_pickle(outside: Outside) -> None:
    model = outside.mlflow.get_logged_model(str(production(outside).source).removeprefix("models:/"))
    prefix = model.artifact_location.removeprefix("mlflow-artifacts:/").strip("/")
    with outside.object_store() as store:
        found = store.list_objects_v2(Bucket="mlflows3", Prefix=prefix)["Contents"]
    names = {entry["Key"].removeprefix(f"{prefix}/") for entry in found}
    assert {"MLmodel", "model.skops", "extra_files/forest.onnx", "extra_files/serving.json"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]
    assert all(entry["Size"] for entry in found)


def test_the_bucket_keeps_versions(outside: Outside) -> None:
    with outside.object_store() as store:
        assert store.get_bucket_versioning(Bucket="mlflows3")["Status"] == "Enabled"


def parents(outside: Outside) -> list[Run]:
    """The training runs, newest first."""
    return [run for run in runs(outside, "") if "mlflow.parentRunId" not in run.data.tags]


def production(outside: Outside) -> ModelVersion:
    """The version with the alias `production`."""
    return outside.mlflow.get_model_version_by_alias(MODEL, "production")


def runs(outside: Outside, wanted: str) -> list[Run]:
    """The training's runs that MLflow's filter lets through, newest first."""
    experiment = outside.mlflow.get_experiment_by_name("readmission")
    assert experiment
    return list(outside.mlflow.search_runs([experiment.experiment_id], wanted, order_by=["attributes.start_time DESC"]))


def number(outside: Outside, statement: str) -> int:
    """The one number that a query of MySQL gives."""
    with outside.database("owner").connect() as connection:
        return int(connection.execute(text(statement)).scalar_one())
