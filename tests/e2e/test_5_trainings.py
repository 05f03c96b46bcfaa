"""A training whose worker, scheduler, database and registry are killed ends by itself, and nothing of it is twice."""

from pathlib import Path

import pytest

from tests.conftest import Poll
from tests.e2e.stack import Stack
from tests.outside.answers import compare, rows_of
from tests.outside.figures import Figures
from tests.outside.health import is_drained
from tests.outside.serving import ORIGINAL
from tests.outside.trainings import Training
from tests.outside.under_load import load

pytestmark = pytest.mark.usefixtures("pipeline")

# Who runs the tasks dies after the others: what these broke off runs again by then.
KILLED = (("airflow-scheduler", "mysql", "mlflow"), ("airflow-worker",))
STARTED_SECONDS, ENDED_SECONDS = 180.0, 480.0


def test_a_training_outlives_the_killing_of_what_it_runs_on(
    stack: Stack, poll: Poll, tmp_path: Path, figures: Figures
) -> None:
    with load(stack.address("api", 8000), stack.api_key, "training", ORIGINAL, tmp_path) as outcome:
        training = Training(stack, {"n_estimators": 40})
        for services in KILLED:
            poll(lambda: training.is_at("running"), STARTED_SECONDS, every=1)
            for service in services:
                _kill(stack, poll, service)
        poll(training.has_ended, ENDED_SECONDS, every=2)
        poll(lambda: is_drained(stack.address("api", 8000)), STARTED_SECONDS, every=1)
    trained = training.outcome()
    assert trained.holds, trained
    assert trained.tries > 1
    found = compare(outcome, rows_of(stack.database("api", "RAW_DATA"), outcome))
    assert (outcome.failed, outcome.refused) == ([], [])
    assert found.holds, found
    figures["training_under_faults"] = {"seconds": trained.seconds, "tries": trained.tries, "answered": found.answered}


def _kill(stack: Stack, poll: Poll, service: str) -> None:
    before = stack.container(service)["State"]["StartedAt"]
    stack.crash(service)
    poll(lambda: stack.container(service)["State"]["StartedAt"] != before, STARTED_SECONDS)
