"""The other outcome, readmission at any time, through everything: prepared, trained, registered, promoted, served."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import select

from connections.model_registry import client, production_version, registered
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.clean import prepare
from readmission.clean.prepared_sets import read_split
from readmission.registry.promotion import promote
from readmission.registry.signed_models import version_model
from readmission.training import selection
from readmission.training.batches import begin, train_batch
from tests.free_ports import free_offset
from tests.integration.app_back.servers import running_api, wait_for
from tests.integration.pipeline import FOREST, PREPARED, Trained, copied

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Served:
    """A service that answers with a version of this outcome, and the settings of both."""

    http: httpx.Client
    settings: Settings
    version: str


@pytest.fixture(scope="module")
def served(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One batch of a set that is prepared for this outcome, trained, selected, and put in production if need be."""
    settings = copied(trained.settings, tmp_path_factory.mktemp("any"), "target")
    prepare.prepare(settings, PREPARED.model_copy(update={"target": "any"}))
    plan = begin(settings, FOREST)
    train_batch(settings, plan, 1)
    outcome = selection.select(settings, plan)
    assert (production_version(settings, outcome.name) is not None) == outcome.verdict.promoted
    if not outcome.verdict.promoted:
        promote(settings, outcome.name, outcome.version, "in a test")
    serving = settings.model_copy(update={"model_name": outcome.name, "port_offset": free_offset(settings)})
    with running_api(serving) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        yield Served(http, serving, outcome.version)


def test_it_has_a_registered_model_of_its_own(served: Served) -> None:
    assert selection.registered_name(Settings(), "lt30") == "mejor_modelo_diabetes"
    assert selection.registered_name(Settings(), "any") == "mejor_modelo_diabetes_any"
    assert served.settings.model_name == "modelo_target_any"
    version = client(served.settings).get_model_version("modelo_target_any", served.version)
    assert version.tags["target"] == "any"
    assert version_model(served.settings, registered(version)).scorer().config.target == "any"
    assert not client(served.settings).search_registered_models("name = 'modelo_target'")


def test_it_is_served_explained_and_logged_with_risks_of_its_own_size(served: Served) -> None:
    model = served.http.get("/model").json()
    assert (model["name"], model["target"]) == ("modelo_target_any", "any")
    answer = served.http.post("/explain", json={"number_inpatient": 3}).json()
    base = answer["reasons"]["base"]
    added = sum(each["contribution"] for each in answer["contributions"])
    assert abs(base + added - answer["probability"]) < 1e-9
    assert abs(base - read_split(served.settings, "train")["target"].mean()) < 0.05  # nearly half of all come back
    assert served.http.post("/what-if", json={}).json()["variants"]
    with engine_for(served.settings, "RAW_DATA").connect() as connection:
        name = connection.execute(
            select(predictions.c.model_name).where(predictions.c.prediction_id == answer["prediction_id"])
        ).scalar_one()
    assert name == "modelo_target_any"


def test_its_card_is_of_this_version_and_outcome(served: Served) -> None:
    card = served.http.get("/model/card").json()
    figures = client(served.settings).get_model_version("modelo_target_any", served.version).tags
    assert card["target"] == "any"
    assert card["reports"]["val"]["figures"]["roc_auc"]["value"] == pytest.approx(float(figures["val_roc_auc"]))
    assert card["flow"]["splits"]["test"]["positives"] == read_split(served.settings, "test")["target"].sum()
    for form, opening in (("md", "# Model card: "), ("html", "<!doctype html>")):
        answer = served.http.get("/model/card", params={"format": form})
        assert answer.text.startswith(opening) and "any" in answer.text
