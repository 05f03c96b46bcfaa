"""`revertir_modelo` through Airflow's `dag.test()`: it goes back by the ledger, as the run that did it."""

from pathlib import Path

import pytest

from connections.model_registry import production_version
from connections.settings import Settings
from readmission.registry.ledger import entries
from readmission.registry.promotion import promote
from readmission.storage.databases import initialise
from tests.integration.app_back.served import register_unpromoted, write_served
from tests.integration.dags.test_dag_runs import run_dags, said_of
from tests.integration.pipeline import own_pipeline

pytestmark = pytest.mark.slow

ID = "revertir_modelo"


def test_it_goes_back_each_time_and_to_what_is_named_and_says_why_it_cannot(stores: Settings, tmp_path: Path) -> None:
    settings = own_pipeline(stores, tmp_path, "revertir")
    initialise(settings)
    served = write_served(tmp_path / "files", seed=1)
    for place in ("1", "2", "3"):
        register_unpromoted(settings, served, tmp_path / place)
        promote(settings, settings.model_name, place, "by hand")
    wanted: list[dict[str, str]] = [
        {"reason": "worse at night"},
        {"reason": "worse by day"},
        {"reason": "too far back", "version": "3"},
        {"reason": "a typo", "version": "33"},
    ]
    ran = run_dags(settings, [{"dag": ID, "conf": conf} for conf in wanted])
    assert [run["state"] for run in ran] == ["success", "success", "success", "failed"]
    assert [run["tasks"]["revertir"][1] for run in ran] == [1, 1, 1, 1], "what a retry would repeat is not retried"
    back = entries(settings, settings.model_name)[3:]
    assert [(one.from_version, one.to_version) for one in back] == [("3", "2"), ("2", "1"), ("1", "3")]
    assert [one.reason for one in back] == [conf["reason"] for conf in wanted[:3]]
    assert all(one.by_whom.endswith(f"of the DAG {ID}") for one in back) and len({one.by_whom for one in back}) == 3
    version = production_version(settings)
    assert version is not None and version.version == "3"
    assert f"{settings.model_name} has no version 33" in said_of(settings).read_text()
