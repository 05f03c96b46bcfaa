"""A rollback goes back to what served, by the ledger, and to nothing that does not prove itself."""

import json
import shutil
from pathlib import Path

import pytest

from connections.model_registry import client
from readmission.errors import PromotionError, UntrustedModelError
from readmission.inference import EXAMPLES_FILE
from readmission.registry.promotion import promote_if_better
from readmission.registry.rollback import roll_back
from readmission.registry.withdrawal import withdraw
from tests.integration.registry.conftest import Model
from tests.mlflow_admin import mlflow_admin

pytestmark = pytest.mark.slow


def back(model: Model, to: str | None = None) -> str:
    done = roll_back(model.settings, model.name, "it was wrong", to, by_whom="a person")
    assert (done.action, done.by_whom, done.to_version) == ("rolled_back", "a person", model.live())
    return str(done.to_version)


def test_twice_goes_back_two_and_what_was_rolled_back_is_not_promoted_by_itself(model: Model) -> None:
    model.approve(*model.versions(3))
    assert [back(model), back(model)] == ["2", "1"]
    with pytest.raises(PromotionError, match="has no earlier production version to go back to"):
        back(model)
    assert model.told()[-2:] == [("rolled_back", "3", "2"), ("rolled_back", "2", "1")]
    version = client(model.settings).get_model_version(model.name, "1")
    assert version.current_stage == "Production"
    assert version.tags["promotion"] == "rolled back to: it was wrong\npromoted: approved 1", "no reason is lost"
    verdict = promote_if_better(model.settings, model.name, "3")
    assert not verdict.promoted and "it was rolled back at 20" in verdict.reason and "(it was wrong)" in verdict.reason
    assert (model.live(), model.told()[-1]) == ("1", ("refused", "1", "3"))
    model.approve("3")
    assert model.live() == "3"
    assert back(model) == "1", "version 2 was rolled back, and nobody approved it since"


def test_where_nothing_is_or_was_in_production_there_is_nothing_to_go_back_from(model: Model) -> None:
    with pytest.raises(PromotionError, match=f"no version of {model.name} is in production, nor was one"):
        roll_back(model.settings, model.name, "it was wrong")
    model.approve(model.version())
    with pytest.raises(PromotionError, match="has no earlier production version"):
        roll_back(model.settings, model.name, "it was wrong")
    assert model.live() == "1"


def test_deleted_versions_are_stepped_over_also_the_one_that_is_served(model: Model) -> None:
    model.approve(*model.versions(4))
    for version in ("3", "4"):
        model.delete(version)
    done = roll_back(model.settings, model.name, "it was wrong")
    assert (done.from_version, done.to_version, model.live()) == ("4", "2", "2")
    assert done.reason == "it was wrong (stepped over version 3, which was deleted)"
    model.delete("1")
    with pytest.raises(PromotionError, match=r"no earlier .* go back to \(stepped over version 1, which was deleted"):
        roll_back(model.settings, model.name, "it was wrong")


def test_numbers_that_mlflow_gives_again_are_those_of_other_versions(model: Model) -> None:
    """As when somebody deletes the registered model, and it is made anew."""
    model.approve(*model.versions(2))
    back(model)
    with mlflow_admin(model.settings) as admin:
        admin.delete_registered_model(model.name)
    model.versions(2)
    with pytest.raises(PromotionError, match="has no earlier production version"):
        roll_back(model.settings, model.name, "it was wrong")
    assert "rolled back" not in said_of(model, "2")
    model.approve("1", "2")
    assert back(model) == "1"


def said_of(model: Model, version: str) -> str:
    """Why it is not promoted by itself; without a bar it would need figures, and have none."""
    return promote_if_better(model.settings, model.name, version).reason


def test_a_version_that_fails_its_examples_is_refused(model: Model, tmp_path: Path) -> None:
    wrong = Path(shutil.copytree(model.files[0], tmp_path / "wrong"))
    told = json.loads((wrong / EXAMPLES_FILE).read_text())
    told["probabilities"][0] += 0.01
    (wrong / EXAMPLES_FILE).write_text(json.dumps(told))
    model.approve(model.version(), model.version(wrong), model.version())
    for to in (None, "2"):
        with pytest.raises(UntrustedModelError, match=r"version 2 .* is refused: its files answer otherwise"):
            back(model, to)
        assert model.live() == "3"
        assert (model.told()[-1], "no rollback to it" in model.entries()[-1].reason) == (("refused", "3", "2"), True)
    assert back(model, "1") == "1"


def test_a_version_can_be_named_unless_it_is_none_or_withdrawn_or_there(model: Model) -> None:
    model.versions(4)
    model.approve("1", "2", "3")
    for to, why in (("99", "has no version 99"), ("3", "version 3 is in production")):
        with pytest.raises(PromotionError, match=why):
            back(model, to)
    withdraw(model.settings, model.name, "2", "biased", by_whom="a person")
    with pytest.raises(PromotionError, match=r"version 2 was withdrawn \(biased\)"):
        back(model, "2")
    assert back(model) == "1", "it is stepped over"
    assert back(model, "4") == "4", "one that never served"
    assert "it was withdrawn at 20" in said_of(model, "2")
    with pytest.raises(PromotionError, match=r"version 4 .* is in production; run `readmission rollback` first"):
        withdraw(model.settings, model.name, "4", "biased")
    assert model.live() == "4"


def test_a_version_that_somebody_gave_the_alias_is_gone_back_from(model: Model) -> None:
    model.versions(3)
    model.approve("1", "2")
    client(model.settings).set_registered_model_alias(model.name, model.settings.model_alias, "3")
    done = roll_back(model.settings, model.name, "nobody promoted it")
    assert (done.from_version, done.to_version, model.live()) == ("3", "2", "2")


def test_a_task_that_is_retried_goes_back_once(model: Model) -> None:
    model.approve(*model.versions(3))
    for _ in range(2):
        done = roll_back(model.settings, model.name, "it was wrong", by_whom="the run 1 of the DAG", once=True)
        assert (done.to_version, model.live()) == ("2", "2")
    roll_back(model.settings, model.name, "it was wrong", by_whom="the run 2 of the DAG", once=True)
    assert model.live() == "1"
