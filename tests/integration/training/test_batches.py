"""Batches that fail, die or are replaced meanwhile: the others go on, production stays, and the data are given back."""

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from connections.model_registry import client, production_version
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from connections.tables import prepared_sets as prepared_records
from readmission.clean import prepare
from readmission.errors import InUseError, NothingPreparedError, PreparedSetChangedError, TrainingError
from readmission.storage import leases
from readmission.storage.databases import initialise
from readmission.training import batches, selection
from readmission.training.mlflow_runs import open_run
from tests.integration.pipeline import FOREST, PREPARED, Trained, own_pipeline
from tests.integration.training.left import lease_is_free, recorded, run_sql

pytestmark = pytest.mark.slow


def test_the_lease_is_given_back(trained: Trained) -> None:
    assert lease_is_free(trained.settings)


def test_a_training_is_current_until_params_or_prepared_set_change(trained: Trained, own: Settings) -> None:
    same = own.model_copy(update={"experiment": trained.settings.experiment})
    assert not batches.is_current(own, FOREST)  # its experiment has seen no training
    assert batches.is_current(same, FOREST)
    assert not batches.is_current(same, FOREST.model_copy(update={"random_state": 1}))
    prepare.prepare(own, PREPARED.model_copy(update={"seed": 6}))
    assert not batches.is_current(same, FOREST)


def test_without_a_prepared_set_training_says_what_to_run(stores: Settings, tmp_path: Path) -> None:
    settings = own_pipeline(stores, tmp_path, "empty")
    initialise(settings)
    with pytest.raises(NothingPreparedError, match="preprocesar_datos"):
        batches.begin(settings, FOREST)
    assert lease_is_free(settings)


def test_what_all_batches_are_measured_on_is_in_mlflow_before_the_first(own: Settings) -> None:
    """MLflow refuses one of two runs that log a data set for the first time at once."""
    plan = batches.begin(own, FOREST)
    begun = client(own).get_run(plan.parent_run_id)
    assert begun.inputs is not None
    assert [given.dataset.name for given in begun.inputs.dataset_inputs] == [
        "CLEAN_DATA.val_data",
        "CLEAN_DATA.test_data",
    ]


def test_a_failing_batch_does_not_stop_the_others(own: Settings) -> None:
    run_sql(own, "UPDATE train_data SET target = 0 WHERE batch_id = 2")
    plan = batches.begin(own, FOREST)
    with pytest.raises(TrainingError, match="one class"):
        batches.train_batch(own, plan, 2)
    result = batches.train_batch(own, plan, 3)
    outcome = selection.select(own, plan)
    assert (outcome.batch, outcome.val_f1) == ("3", result.val.f1)
    assert result.run_id in recorded(own)
    tracking = client(own)
    experiment = tracking.get_run(plan.parent_run_id).info.experiment_id
    failed = tracking.search_runs([experiment], "attributes.status = 'FAILED'")
    assert [run.data.tags["batch_id"] for run in failed] == ["2"]
    assert "one class" in failed[0].data.tags["error"]
    assert failed[0].info.run_id not in recorded(own)


def test_what_an_attempt_that_died_left_running_is_ended(own: Settings) -> None:
    plan = batches.begin(own, FOREST)
    tracking = client(own)
    parent = plan.parent_run_id
    lost, other = (open_run(tracking, own, "died", {"batch_id": batch}, parent).info.run_id for batch in ("2", "3"))
    result = batches.train_batch(own, plan, 2)
    states = [tracking.get_run(run_id).info.status for run_id in (lost, other, result.run_id)]
    assert states == ["KILLED", "RUNNING", "FINISHED"]


def test_when_every_batch_fails_production_stays_and_the_parent_says_so(trained: Trained, own: Settings) -> None:
    own = own.model_copy(update={"model_name": trained.settings.model_name})
    before = production_version(own)
    few = FOREST.model_copy(update={"n_estimators": 10})  # leaves rows without an out-of-bag vote
    plan = batches.begin(own, few)
    for batch_id in plan.batches:
        with pytest.raises(TrainingError, match="out-of-bag vote"):
            batches.train_batch(own, plan, batch_id)
    with pytest.raises(TrainingError, match="none of the 3 batches gave a model; production stays as it is"):
        selection.select(own, plan)
    assert production_version(own) == before
    assert client(own).get_run(plan.parent_run_id).info.status == "FAILED"
    assert lease_is_free(own)


def test_a_batch_whose_votes_do_not_hold_on_validation_fails(own: Settings) -> None:
    run_sql(own, "UPDATE val_data SET target = 1 - target")
    plan = batches.begin(own, FOREST)
    with pytest.raises(TrainingError, match=r"out-of-bag ROC-AUC 0\.6\d\d .* and validation 0\.3\d\d .* differ"):
        batches.train_batch(own, plan, 1)
    selection.abandon(own, plan)
    assert client(own).get_run(plan.parent_run_id).info.status == "KILLED"
    assert lease_is_free(own)


def test_nobody_prepares_or_trains_beside_a_training(own: Settings) -> None:
    plan = batches.begin(own, FOREST)
    with pytest.raises(InUseError, match=plan.parent_run_id):
        prepare.prepare(own, PREPARED)
    with pytest.raises(InUseError, match=plan.parent_run_id):
        batches.begin(own, FOREST)
    selection.abandon(own, plan)
    assert prepare.prepare(own, PREPARED).prepared_id > plan.prepared_id


def test_a_prepared_set_that_is_replaced_meanwhile_ends_the_training(own: Settings) -> None:
    """As when a person freed the data by force while it went on."""
    plan = batches.begin(own, FOREST)
    run_sql(own, "DELETE FROM leases")
    prepare.prepare(own, PREPARED)
    for attempt in (lambda: batches.train_batch(own, plan, 1), lambda: selection.select(own, plan)):
        with pytest.raises(PreparedSetChangedError, match="run entrenar_modelo again"):
            attempt()
    assert client(own).get_run(plan.parent_run_id).info.status == "FAILED"
    assert lease_is_free(own)


def test_training_pins_the_set_that_a_preparation_leaves_while_it_waits(own: Settings) -> None:
    engine = engine_for(own, "CLEAN_DATA")
    with ThreadPoolExecutor(1) as pool:
        with database_lock(engine, leases.PREPARED_SET):
            begun = pool.submit(batches.begin, own, FOREST)
            assert not wait([begun], timeout=2).done
            newer = _next_set(own)
        plan = begun.result(timeout=60)
    assert plan.prepared_id == newer
    selection.abandon(own, plan)


def _next_set(settings: Settings) -> int:
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        row = dict(connection.execute(select(prepared_records).where(prepared_records.c.current)).one()._mapping)
        connection.execute(prepared_records.update().values(current=False))
        newer = int(row["prepared_id"]) + 1
        connection.execute(insert(prepared_records).values(row | {"prepared_id": newer}))
    return newer
