"""Trainings that end otherwise than they should, in a real Airflow: the data are free within a minute, never before."""

import os
import signal
from collections.abc import Iterator

import pytest

from connections.model_registry import client
from connections.settings import Settings
from readmission.clean import prepare, prepared_sets
from readmission.dag_runs.airflow_api import DagRun
from readmission.dag_runs.unfinished import asking
from readmission.errors import InUseError
from readmission.storage.leases import Owner
from readmission.training import batches, recovery
from tests.conftest import Poll
from tests.integration.dags.trial import CLOSING, PREPARING, SCHEDULER, TRAINING, Trial, airflow_of
from tests.integration.training.small import FOREST, PREPARED, small
from tests.integration.training.test_recovery import held, went_silent

# One batch: a core trains, the other is for what a person does meanwhile.
ONE_BATCH = PREPARED.model_copy(update={"batch_size": 3_000})
FREE_SECONDS = 60.0
STARTS = 180.0

pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def settings(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = small(stores, tmp_path_factory.mktemp("broken"), "broken off")
    prepare.prepare(settings, ONE_BATCH)
    return settings


@pytest.fixture(scope="module")
def trial(settings: Settings) -> Iterator[Trial]:
    with airflow_of(settings) as trial:
        yield trial


@pytest.fixture
def in_a_batch(trial: Trial, poll: Poll) -> DagRun:
    """A run of the training whose batch is being trained."""
    run = trial.begin()
    poll(lambda: trial.runs(run, "RUNNING", "batch"), deadline=STARTS)
    return run


def assert_held(trial: Trial, run: DagRun) -> None:
    refusal = trial.refusal()
    assert refusal and f"the run {run.dag_run_id} of the DAG {TRAINING}" in refusal


def test_a_run_that_is_marked_as_failed_is_closed_when_its_last_process_is_gone(
    trial: Trial, in_a_batch: DagRun, poll: Poll
) -> None:
    process = trial.process(in_a_batch)
    trial.request("PATCH", in_a_batch, state="failed")
    assert_held(trial, in_a_batch)
    poll(lambda: trial.is_free(in_a_batch), FREE_SECONDS)
    assert not process.is_running()
    poll(lambda: trial.has_ended(in_a_batch), deadline=30)
    assert trial.airflow.run(in_a_batch).state == "failed"
    assert len(trial.runs(in_a_batch, "KILLED", "training")) == 1
    closing = trial.task(in_a_batch, CLOSING)
    assert (closing.state, trial.task(in_a_batch, "seleccionar_modelo").state) == ("failed", "skipped")
    log = trial.airflow.task_log(in_a_batch, closing)
    assert "error cerrar_entrenamiento failed: the training was broken off before it came to a model;" in log[-1]
    assert closing.try_number == 1 and len(log) < 30


def test_a_deleted_run_holds_the_data_until_its_batch_is_gone(trial: Trial, in_a_batch: DagRun, poll: Poll) -> None:
    process = trial.process(in_a_batch)
    trial.delete(in_a_batch)
    refusal = trial.refusal()
    assert refusal and in_a_batch.dag_run_id in refusal and process.is_running()
    poll(lambda: trial.refusal() is None, FREE_SECONDS, every=1)
    assert not process.is_running() and trial.is_free(in_a_batch)
    assert len(trial.runs(in_a_batch, "KILLED", "training")) == 1


def test_what_is_killed_goes_on_or_is_closed_and_the_next_step_waits_for_that(
    trial: Trial, settings: Settings, in_a_batch: DagRun, poll: Poll
) -> None:
    killed = trial.pid_of(SCHEDULER)
    os.kill(killed, signal.SIGKILL)
    poll(lambda: trial.pid_of(SCHEDULER) not in (0, killed))
    assert_held(trial, in_a_batch)

    def goes_on() -> bool:
        assert_held(trial, in_a_batch)
        return bool(trial.runs(in_a_batch, "KILLED", "batch") and trial.runs(in_a_batch, "RUNNING", "batch"))

    poll(goes_on, deadline=STARTS, every=1)
    trial.process(in_a_batch).kill()
    poll(lambda: trial.task(in_a_batch, "entrenar_lote").state == "up_for_retry", deadline=STARTS)
    went_silent(settings)
    assert_held(trial, in_a_batch)
    before = prepared_sets.current(settings)
    preparing = trial.airflow.trigger(PREPARING, ONE_BATCH.model_dump())
    poll(lambda: trial.task(preparing, "preparar").state == "up_for_retry", deadline=STARTS)
    refused = trial.airflow.task_log(preparing, trial.task(preparing, "preparar"))
    assert any(f"in use by the run {in_a_batch.dag_run_id}" in line for line in refused)
    trial.request("PATCH", in_a_batch, state="failed")
    poll(lambda: trial.is_free(in_a_batch), FREE_SECONDS)
    assert len(trial.runs(in_a_batch, "KILLED", "training")) == 1
    poll(lambda: trial.has_ended(preparing), FREE_SECONDS)
    assert prepared_sets.current(settings).prepared_id > before.prepared_id


def test_a_queued_run_holds_the_data_until_it_is_deleted(trial: Trial, settings: Settings) -> None:
    queued = trial.airflow.trigger("crear_bases_si_no_existen")  # it is paused
    plan = batches.begin(settings, FOREST, owner=Owner(dag_id=queued.dag_id, run_id=queued.dag_run_id))
    went_silent(settings)
    refusal = trial.refusal()
    assert refusal and f"the run {queued.dag_run_id} of the DAG {queued.dag_id}" in refusal
    trial.request("DELETE", queued)
    freed = trial.free_lost()
    assert freed is not None and freed.holder == plan.parent_run_id
    assert client(settings).get_run(plan.parent_run_id).info.status == "KILLED"


def test_whether_a_run_goes_on_is_not_guessed(trial: Trial, settings: Settings) -> None:
    batches.begin(settings, FOREST, owner=Owner(dag_id=TRAINING, run_id="manual__1"))
    went_silent(settings)
    nobody = asking("http://127.0.0.1:9", "admin", "no password")
    with pytest.raises(InUseError, match=r"Airflow does not say whether it goes on .*`readmission unlock --force`"):
        recovery.free_lost(settings, nobody)
    assert held(settings) is not None
    assert trial.free_lost() is not None
