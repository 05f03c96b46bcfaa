"""A person's reason promotes the winner whatever the comparison says, and stays on record."""

from pathlib import Path

import pytest

from connections.model_registry import client, production_version
from connections.settings import Settings
from readmission.registry.ledger import entries
from readmission.storage.leases import Owner
from readmission.training import batches, selection
from tests.integration.training.small import FOREST, small

pytestmark = pytest.mark.slow

REASON = "the ward needs the new contract"


def test_a_reason_promotes_what_the_comparison_refuses(stores: Settings, tmp_path: Path) -> None:
    settings = small(stores, tmp_path, "forced")
    run = Owner(dag_id="entrenar_modelo", run_id="manual__1")
    plan = batches.begin(settings, FOREST, owner=run, force_promote=REASON)
    begun = client(settings).get_run(plan.parent_run_id).data
    assert begun.tags["force_promote"] == REASON and "force_promote" not in begun.params
    assert batches.TrainingPlan(**plan.model_dump()) == plan  # as it travels between tasks
    batches.train_batch(settings, plan, 1)
    assert not selection.select(settings, plan.model_copy(update={"force_promote": None})).verdict.promoted
    assert production_version(settings) is None

    outcome = selection.select(settings, plan)
    assert str(outcome.verdict) == f"promoted: force_promote: {REASON}"
    present = production_version(settings)
    assert present is not None and present.version == outcome.version == "1"
    assert selection.select(settings, plan).version == "1"  # as a task that is retried

    refused, approved = entries(settings, settings.model_name)
    assert (refused.action, approved.action) == ("refused", "approved")
    assert (approved.by_whom, approved.reason) == (str(run), f"force_promote: {REASON}")
    assert len(client(settings).search_model_versions(f"name = '{settings.model_name}'")) == 1
