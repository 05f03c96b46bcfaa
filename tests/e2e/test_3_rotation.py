"""Secrets are changed while the platform runs, and it serves and works on; the next tests train with the new ones."""

import os
import subprocess
import sys

import pytest

from readmission.dag_runs.airflow_api import ENDED
from tests.conftest import Poll
from tests.e2e.stack import ROOT, Stack, engine_environment

# One that MySQL is given at its start, one that Postgres keeps, the broker's, and one of MLflow's.
CHANGED = ("MYSQL_API_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "MLFLOW_PIPELINE_PASSWORD")
FIRST = "crear_bases_si_no_existen"


@pytest.mark.usefixtures("pipeline")
def test_secrets_are_changed_by_a_command_and_everything_goes_on(stack: Stack, poll: Poll) -> None:
    before = stack.env
    assert f"changed, in .env too: {', '.join(CHANGED)}" in _rotated(stack, " ".join(CHANGED))
    after = stack.env
    assert {name for name in after if after[name] != before[name]} == {*CHANGED}
    poll(lambda: stack.ask("/predict", {}).status_code == 200)
    assert "probability" in stack.compose("exec", "-T", "airflow-worker", "readmission", "predict")
    with stack.airflow as airflow:
        airflow.set_paused(FIRST, False)
        run = airflow.trigger(FIRST)
        poll(lambda: airflow.run(run).state in ENDED, 120, every=1)
        assert airflow.run(run).state == "success"


def _rotated(stack: Stack, names: str) -> str:
    """What `make rotate` says."""
    settings = {
        "COMPOSE_ENV_FILES": str(stack.env_file),
        "COMPOSE_PROJECT_NAME": stack.project,
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "compose.rotate", names]
    done = subprocess.run(
        command, cwd=ROOT, env=engine_environment() | settings, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
