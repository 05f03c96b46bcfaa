"""What somebody removed by hand: it is said at once, nothing is registered twice, and the next training goes on."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient
from sqlalchemy import text

from connections.model_registry import client, production_version
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.clean import prepare
from readmission.errors import NothingPreparedError, PreparedSetChangedError, RemovedError
from readmission.local.service import Folders
from readmission.registry import promotion
from readmission.registry.batch_models import batch_runs, logged_model_id
from readmission.storage.databases import initialise
from readmission.training import batch_results, batches, selection
from readmission.training.batches import TrainingPlan
from readmission.training.explained import explained
from readmission.training.selection import Outcome
from tests.integration.pipeline import copied
from tests.integration.training.small import FOREST, PREPARED, small
from tests.mlflow_admin import mlflow_admin

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return small(stores, tmp_path_factory.mktemp("removed"), "removed")


@pytest.fixture
def settings(prepared: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return copied(prepared, tmp_path, request.node.name.translate({ord("["): "_", ord("]"): None}))


@pytest.fixture
def tracking(settings: Settings) -> MlflowClient:
    return client(settings)


def train(settings: Settings) -> tuple[TrainingPlan, Outcome]:
    plan = batches.begin(settings, FOREST)
    batches.train_batch(settings, plan, 1)
    return plan, selection.select(settings, plan)


def remove_experiment(tracking: MlflowClient, settings: Settings) -> None:
    experiment = tracking.get_experiment_by_name(settings.experiment)
    assert experiment is not None
    with mlflow_admin(settings) as admin:
        admin.delete_experiment(experiment.experiment_id)


def remove_files(stores: Settings, model_id: str) -> None:
    """Removes a model's files from the store, as somebody does who tidies a bucket."""
    (folder,) = (Folders.of(stores).of_service("mlflow") / "artifacts").glob(f"*/models/{model_id}")
    shutil.rmtree(folder)


def run_sql(settings: Settings, *statements: str) -> None:
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_deleted_experiment_is_restored_by_the_next_training(
    settings: Settings, tracking: MlflowClient, caplog: pytest.LogCaptureFixture
) -> None:
    plan, outcome = train(settings)
    remove_experiment(tracking, settings)
    assert not batches.is_current(settings, FOREST)
    again, second = train(settings)
    assert f"restored the experiment {settings.experiment!r}, which was deleted in MLflow" in caplog.text
    assert tracking.get_run(plan.parent_run_id).info.lifecycle_stage == "active"
    assert (outcome.version, second.version) == ("1", "2") and again.parent_run_id != plan.parent_run_id


def test_a_run_deleted_beneath_its_training_ends_it_with_its_name(settings: Settings, tracking: MlflowClient) -> None:
    plan = batches.begin(settings, FOREST)
    batches.train_batch(settings, plan, 1)
    with mlflow_admin(settings) as admin:
        admin.delete_run(plan.parent_run_id)
    with pytest.raises(RemovedError, match=rf"'training' \({plan.parent_run_id}\) was deleted .* run entrenar_modelo"):
        selection.select(settings, plan)
    assert tracking.search_registered_models(f"name = '{settings.model_name}'") == []
    train(settings)


@pytest.mark.parametrize("what", ["experiment", "run"])
def test_what_is_deleted_beneath_a_batch_is_named(
    settings: Settings, tracking: MlflowClient, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    plan = batches.begin(settings, FOREST)
    _while_a_batch_is_fitted(monkeypatch, lambda run_id: _delete(tracking, settings, what, run_id))
    with pytest.raises(RemovedError) as told:
        batches.train_batch(settings, plan, 1)
    named = {
        "experiment": f"the experiment {settings.experiment!r} was deleted in MLflow while it was being trained; "
        "run entrenar_modelo again, which restores it",
        "run": "the run 'batch 1' (",
    }
    assert str(told.value).startswith(named[what])
    monkeypatch.undo()
    selection.abandon(settings, plan)
    train(settings)


def _while_a_batch_is_fitted(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[str], None]) -> None:
    keep = batch_results.keep

    def kept(*args: Any) -> object:
        meanwhile(args[-1])
        return keep(*args)

    monkeypatch.setattr(batch_results, "keep", kept)


def _delete(tracking: MlflowClient, settings: Settings, what: str, run_id: str) -> None:
    if what == "run":
        with mlflow_admin(settings) as admin:
            admin.delete_run(run_id)
    else:
        remove_experiment(tracking, settings)


def test_a_best_model_without_files_is_named(settings: Settings, stores: Settings, tracking: MlflowClient) -> None:
    plan = batches.begin(settings, FOREST)
    batches.train_batch(settings, plan, 1)
    (best,) = batch_runs(tracking, plan.parent_run_id)
    remove_files(stores, logged_model_id(best))
    with pytest.raises(RemovedError, match=r"the model of batch 1 .*removed from MLflow.*; run entrenar_modelo again"):
        selection.select(settings, plan)
    train(settings)


def test_a_selection_that_is_repeated_registers_nothing_twice(settings: Settings, tracking: MlflowClient) -> None:
    plan, outcome = train(settings)
    again = selection.select(settings, plan)
    assert again.version == outcome.version == "1"
    assert len(tracking.search_model_versions(f"name = '{settings.model_name}'")) == 1


def test_a_removed_version_or_model_is_made_anew(settings: Settings) -> None:
    _, first = train(settings)
    promotion.promote(settings, first.name, first.version, "by hand")
    with mlflow_admin(settings) as admin:
        admin.delete_model_version(first.name, first.version)
    assert production_version(settings) is None
    _, second = train(settings)
    assert second.version == "2" and "the first version" in second.verdict.reason
    with mlflow_admin(settings) as admin:
        admin.delete_registered_model(second.name)
    _, third = train(settings)
    assert third.version == "1" and "the first version" in third.verdict.reason


def test_a_production_version_without_files_does_not_keep_the_next_one_out(
    settings: Settings, stores: Settings, tracking: MlflowClient
) -> None:
    plan, first = train(settings)
    promotion.promote(settings, first.name, first.version, "by hand")
    remove_files(stores, logged_model_id(tracking.get_run(plan.parent_run_id)))
    _, second = train(settings)
    assert second.version == "2"
    reason = second.verdict.reason
    assert reason.startswith("there is nothing to compare it with, since ") and f"version 1 of {first.name}" in reason
    assert "validation ROC-AUC" in reason


def test_dropped_batches_are_prepared_again(settings: Settings) -> None:
    plan = batches.begin(settings, FOREST)
    run_sql(settings, "DROP TABLE train_data")
    with pytest.raises(PreparedSetChangedError, match="run entrenar_modelo again"):
        batches.train_batch(settings, plan, 1)
    selection.abandon(settings, plan)
    with pytest.raises(NothingPreparedError, match="run the DAG preprocesar_datos again"):
        batches.begin(settings, FOREST)
    prepare.prepare(settings, PREPARED)
    train(settings)


@pytest.mark.parametrize("table", ["leases", "experiments", "prepared_sets"])
def test_a_dropped_table_is_named_and_made_anew(settings: Settings, table: str) -> None:
    run_sql(settings, f"DROP TABLE {table}")
    with pytest.raises(Exception, match=table) as raised:
        prepare.prepare(settings, PREPARED)
        train(settings)
    told = f"the table {table} is missing; run crear_bases_si_no_existen, which makes it, empty"
    assert str(explained(raised.value)) == told
    initialise(settings)
    run_sql(settings, "DELETE FROM leases")
    prepare.prepare(settings, PREPARED)
    train(settings)


def test_tables_of_an_older_version_are_named(settings: Settings) -> None:
    run_sql(settings, "ALTER TABLE leases DROP COLUMN dag_id")
    with pytest.raises(Exception, match="dag_id") as raised:
        batches.begin(settings, FOREST)
    assert "lacks the column leases.dag_id; run crear_bases_si_no_existen" in str(explained(raised.value))


def test_other_errors_are_left_as_they_are() -> None:
    assert explained(ValueError("what a retry may mend")) is None
