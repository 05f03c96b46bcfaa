"""What a training that ended well left in MLflow, and a prepared set that a test may change."""

from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from connections.model_registry import client, make_default
from connections.settings import Settings
from readmission.registry import batch_models
from tests.integration.pipeline import Trained, copied


@pytest.fixture
def tracking(trained: Trained) -> MlflowClient:
    make_default(trained.settings)
    return client(trained.settings)


@pytest.fixture
def parent(trained: Trained, tracking: MlflowClient) -> Run:
    return tracking.get_run(trained.plan.parent_run_id)


@pytest.fixture
def candidates(trained: Trained, tracking: MlflowClient) -> list[Run]:
    """The runs of the three batches, and that of their vote."""
    return batch_models.candidate_runs(tracking, trained.plan.parent_run_id)


@pytest.fixture
def best(trained: Trained, candidates: list[Run]) -> Run:
    """That of the candidate which became the version."""
    return next(run for run in candidates if run.data.tags["batch_id"] == trained.outcome.batch)


@pytest.fixture
def own(trained: Trained, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """The same prepared set, in databases that a test may change."""
    return copied(trained.settings, tmp_path, request.node.name)
