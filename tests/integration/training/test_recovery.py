"""A training that ended otherwise than it should: when its data are free, and what becomes of its runs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy import update

from connections.model_registry import client
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import leases as leases_table
from readmission.clean import prepare
from readmission.clock import now
from readmission.errors import InUseError, TrainingError
from readmission.storage import leases
from readmission.storage.leases import Lease, Owner
from readmission.training import batches, recovery, selection
from readmission.training.batches import TrainingPlan
from readmission.training.mlflow_runs import open_run
from tests.integration.pipeline import copied
from tests.integration.training.small import FOREST, PREPARED, small
from tests.mlflow_admin import mlflow_admin

DAG_RUN = Owner(dag_id="entrenar_modelo", run_id="manual__2026-11-26T12:00:00+00:00")


@pytest.fixture(scope="module")
def prepared(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return small(stores, tmp_path_factory.mktemp("recovery"), "recovery")


@pytest.fixture
def settings(prepared: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return copied(prepared, tmp_path, request.node.name)


@pytest.fixture
def tracking(settings: Settings) -> MlflowClient:
    return client(settings)


def held(settings: Settings) -> Lease | None:
    return leases.held(engine_for(settings, "CLEAN_DATA"), leases.PREPARED_SET)


def went_silent(settings: Settings) -> None:
    """As when no process of the training has renewed the lease for long enough."""
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        connection.execute(update(leases_table).values(expires_at=now() - leases.DURATION))


def broken_off(settings: Settings, owner: Owner = DAG_RUN) -> TrainingPlan:
    """A training with an open batch, nothing of which lives any more."""
    plan = batches.begin(settings, FOREST, owner=owner)
    open_run(client(settings), settings, "batch 1", {"batch_id": "1"}, plan.parent_run_id)
    went_silent(settings)
    return plan


def statuses(tracking: MlflowClient, plan: TrainingPlan) -> set[str]:
    experiment = tracking.get_run(plan.parent_run_id).info.experiment_id
    return {run.info.status for run in tracking.search_runs([experiment])}


def answers(unfinished: bool) -> tuple[recovery.AskAirflow, list[tuple[str, str]]]:
    asked: list[tuple[str, str]] = []

    def ask(dag_id: str, run_id: str) -> bool:
        asked.append((dag_id, run_id))
        return unfinished

    return ask, asked


def test_data_of_a_run_that_has_ended_are_free_and_its_runs_closed(settings: Settings, tracking: MlflowClient) -> None:
    plan = broken_off(settings)
    ask, asked = answers(unfinished=False)
    freed = recovery.free_lost(settings, ask)
    assert freed is not None and freed.holder == plan.parent_run_id
    assert asked == [("entrenar_modelo", DAG_RUN.run_id)]
    assert held(settings) is None
    assert statuses(tracking, plan) == {"KILLED"}
    assert recovery.free_lost(settings, ask) is None
    prepare.prepare(settings, PREPARED)


def test_data_of_a_run_with_queued_tasks_are_not_free(settings: Settings, tracking: MlflowClient) -> None:
    plan = broken_off(settings)
    with pytest.raises(InUseError, match=f"the run {DAG_RUN.run_id}".replace("+", r"\+")):
        recovery.free_lost(settings, answers(unfinished=True)[0])
    assert held(settings) is not None and statuses(tracking, plan) == {"RUNNING"}


def test_data_are_not_free_while_a_process_lives_whatever_airflow_says(settings: Settings) -> None:
    """A run that was marked as failed a moment ago has tasks that were not killed yet."""
    plan = batches.begin(settings, FOREST, owner=DAG_RUN)
    with pytest.raises(InUseError, match=plan.parent_run_id):
        recovery.free_lost(settings, answers(unfinished=False)[0])


def test_a_program_that_died_is_not_asked_for_in_airflow(settings: Settings, tracking: MlflowClient) -> None:
    plan = broken_off(settings, Owner.this_process())
    ask, asked = answers(unfinished=True)
    assert recovery.free_lost(settings, ask) is not None
    assert asked == [] and statuses(tracking, plan) == {"KILLED"}


def test_a_second_attempt_of_a_run_takes_over_from_its_first(settings: Settings, tracking: MlflowClient) -> None:
    first = batches.begin(settings, FOREST, owner=DAG_RUN)
    recovery.free_lost(settings, answers(unfinished=True)[0], DAG_RUN)
    second = batches.begin(settings, FOREST, owner=DAG_RUN)
    states = [tracking.get_run(plan.parent_run_id).info.status for plan in (first, second)]
    assert states == ["KILLED", "RUNNING"]


def test_by_force_they_are_free_whoever_lives(settings: Settings, tracking: MlflowClient) -> None:
    plan = batches.begin(settings, FOREST, owner=DAG_RUN)
    freed = recovery.free_by_force(settings)
    assert freed is not None and freed.owner == DAG_RUN
    assert statuses(tracking, plan) == {"KILLED"}
    assert recovery.free_by_force(settings) is None


def test_closing_waits_for_the_last_process(settings: Settings, tracking: MlflowClient) -> None:
    plan = batches.begin(settings, FOREST, owner=DAG_RUN)
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(recovery.close, settings, plan.parent_run_id)
        assert not wait([closing], timeout=2).done
        assert statuses(tracking, plan) == {"RUNNING"}
        went_silent(settings)
        with pytest.raises(TrainingError, match="was broken off before it came to a model"):
            closing.result(timeout=60)
    assert statuses(tracking, plan) == {"KILLED"} and held(settings) is None


def test_closing_what_has_ended_changes_nothing(settings: Settings, tracking: MlflowClient) -> None:
    plan = batches.begin(settings, FOREST, owner=DAG_RUN)
    with pytest.raises(TrainingError, match="none of the 2 batches gave a model"):
        selection.select(settings, plan)
    other = batches.begin(settings, FOREST)
    with pytest.raises(TrainingError, match="the log of the task that failed before this one says why"):
        recovery.close(settings, plan.parent_run_id)
    assert tracking.get_run(plan.parent_run_id).info.status == "FAILED"
    lease = held(settings)
    assert lease is not None and lease.holder == other.parent_run_id


def test_a_batch_that_was_broken_off_alone_is_closed_with_its_training(
    settings: Settings, tracking: MlflowClient
) -> None:
    plan = batches.begin(settings, FOREST)
    open_run(tracking, settings, "batch 2", {"batch_id": "2"}, plan.parent_run_id)
    batches.train_batch(settings, plan, 1)
    selection.select(settings, plan)
    recovery.close(settings, plan.parent_run_id)
    assert statuses(tracking, plan) == {"FINISHED", "KILLED"}
    assert tracking.get_run(plan.parent_run_id).info.status == "FINISHED"


@pytest.mark.parametrize(
    "end",
    [lambda settings, plan: recovery.close(settings, plan.parent_run_id), selection.abandon, selection.select],
    ids=["close", "abandon", "select"],
)
def test_while_mlflow_is_away_the_lease_says_which_runs_are_to_be_closed(
    settings: Settings,
    tracking: MlflowClient,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Settings, TrainingPlan], object],
) -> None:
    plan = broken_off(settings)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(MlflowException):
        end(settings.model_copy(update={"mlflow_tracking_uri": "http://127.0.0.1:9"}), plan)
    went_silent(settings)
    freed = recovery.free_lost(settings, answers(unfinished=False)[0])
    assert freed is not None and freed.holder == plan.parent_run_id
    assert statuses(tracking, plan) == {"KILLED"}


def test_runs_that_were_removed_do_not_keep_the_data(settings: Settings) -> None:
    plan = broken_off(settings)
    with mlflow_admin(settings) as admin:
        admin.delete_run(plan.parent_run_id)
    assert recovery.free_lost(settings, answers(unfinished=False)[0]) is not None
    assert held(settings) is None
    batches.begin(settings, FOREST)
