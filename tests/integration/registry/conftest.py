"""Versions of the trained pipeline's models, in a registered model of each test's own."""

import re
from collections.abc import Callable

import pytest
from mlflow.tracking import MlflowClient

from connections.model_registry import client, production_version
from connections.settings import Settings
from readmission.registry.batch_models import batch_runs, logged_model_id
from tests.integration.pipeline import Trained

Register = Callable[..., str]


@pytest.fixture
def settings(trained: Trained, request: pytest.FixtureRequest) -> Settings:
    """The trained pipeline's stores and validation rows, with a registered model of the test's own."""
    return trained.settings.model_copy(update={"model_name": re.sub(r"\W+", "_", request.node.name)})


@pytest.fixture
def tracking(settings: Settings) -> MlflowClient:
    return client(settings)


@pytest.fixture
def ranked(trained: Trained, tracking: MlflowClient) -> list[int]:
    """The batches by their `val_f1`, worst first."""
    runs = batch_runs(tracking, trained.plan.parent_run_id)
    return [int(run.data.tags["batch_id"]) for run in sorted(runs, key=lambda run: run.data.metrics["val_f1"])]


@pytest.fixture
def register(trained: Trained, settings: Settings, tracking: MlflowClient) -> Register:
    """Makes a version of one batch's model, tagged as its training would have tagged it but for what is given."""
    runs = {int(run.data.tags["batch_id"]): run for run in batch_runs(tracking, trained.plan.parent_run_id)}
    tracking.create_registered_model(settings.model_name)

    def made(batch_id: int, **changes: str) -> str:
        run = runs[batch_id]
        model_id = logged_model_id(run)
        tags = {**run.data.tags, **{name: repr(value) for name, value in run.data.metrics.items()}, **changes}
        ours = {name: value for name, value in tags.items() if not name.startswith("mlflow.")}
        version = tracking.create_model_version(
            settings.model_name, f"models:/{model_id}", run_id=run.info.run_id, tags=ours, model_id=model_id
        )
        return str(version.version)

    return made


def in_production(settings: Settings) -> str | None:
    version = production_version(settings)
    return version.version if version else None
