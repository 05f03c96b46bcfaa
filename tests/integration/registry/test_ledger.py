"""The ledger is only ever added to, and is whole again after a promotion that died in its midst."""

from pathlib import Path
from typing import NoReturn

import pytest
from mlflow.tracking import MlflowClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_back.models.model_holder import ModelHolder
from connections.model_registry import RegisteredVersion, client, numbered_version
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.errors import UntrustedModelError
from readmission.registry import production, records
from readmission.registry.ledger import last_live
from readmission.registry.records import verified_production
from readmission.registry.settling import BEFORE, settled
from tests.integration.app_back.promoted import put_in_production
from tests.integration.registry.conftest import Model

CHANGES = (
    "UPDATE promotions SET reason = 'another'",
    "DELETE FROM promotions",
    "REPLACE INTO promotions SELECT * FROM promotions",
    "INSERT OR REPLACE INTO promotions SELECT * FROM promotions",
    "UPDATE OR REPLACE promotions SET promotion_id = 1",
)


class Killed(BaseException):
    """The process dies here."""


def killed(*_: object, **__: object) -> NoReturn:
    raise Killed


def served(settings: Settings, state: Path) -> str | None:
    """What a service answers with that has just started, and so follows the records alone."""
    holder = ModelHolder(settings.model_copy(update={"state_dir": state}))
    holder.refresh()
    return holder.state().version


def version_of(model: Model, number: str) -> RegisteredVersion:
    found = numbered_version(model.settings, int(number))
    assert found is not None
    return found


def test_nobody_changes_what_is_in_it(model: Model) -> None:
    model.approve(*model.versions(2))
    before = model.entries()
    engine = engine_for(model.settings, "CLEAN_DATA")
    for statement in CHANGES:
        with pytest.raises(DBAPIError, match="promotions is append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    assert model.entries() == before and len(before) == 2


def test_an_entry_tells_when_whom_and_why(model: Model) -> None:
    (version,) = model.versions(1)
    model.approve(version)
    (entry,) = model.entries()
    record = records.records(model.settings, model.name)[0]
    assert (entry.action, entry.by_whom, entry.reason) == ("approved", "a person", "approved 1")
    assert (record.action, record.by_whom, record.time.replace(tzinfo=None)) == (
        "approved",
        "a person",
        entry.happened_at,
    )
    assert entry.version_created == version_of(model, version).created > 0


def test_a_record_without_the_alias_never_was_live(
    model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model.versions(2)
    model.approve("1")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(MlflowClient, "set_registered_model_alias", killed)
        model.approve("2")
    assert records.records(model.settings, model.name)[0].version == "2", "the record is there, and the last one"
    assert served(model.settings, tmp_path / "one") is None, "a service that starts meanwhile takes nothing on trust"
    settle(model)
    assert model.told() == [("approved", None, "1"), ("refused", "1", "2"), ("promoted", "1", "1")]
    assert model.entries()[1].reason == "its promotion broke off before it served (approved 2)"
    assert (model.live(), served(model.settings, tmp_path / "two")) == ("1", "1")
    settle(model)
    assert len(model.entries()) == 3, "once"


@pytest.mark.parametrize("dies_at", [(production, "mirror"), (production, "append")], ids=["stage", "entry"])
def test_an_alias_without_an_entry_is_entered(
    model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dies_at: tuple[object, str]
) -> None:
    model.versions(2)
    model.approve("1")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(*dies_at, killed)
        model.approve("2")
    assert served(model.settings, tmp_path) == "2" and len(model.entries()) == 1
    settle(model)
    assert model.told() == [("approved", None, "1"), ("approved", "1", "2")]
    entered = model.entries()[1]
    assert entered.by_whom == "a person" and entered.reason.startswith("approved 2; entered by the command after it")
    assert entered.happened_at == records.records(model.settings, model.name)[0].time.replace(tzinfo=None)
    assert client(model.settings).get_model_version(model.name, "2").current_stage == "Production"
    settle(model)
    assert (len(model.entries()), model.live()) == (2, "2")


def test_a_settling_that_dies_is_settled(model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model.versions(2)
    model.approve("1")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(MlflowClient, "set_registered_model_alias", killed)
        model.approve("2")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(records, "record", killed)
        settle(model)
    assert model.told()[-1] == ("refused", "1", "2"), "and version 1 is not recorded anew yet"
    settle(model)
    assert (model.live(), served(model.settings, tmp_path)) == ("1", "1")


def test_a_first_promotion_that_dies_leaves_nothing_live(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    model.version()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(MlflowClient, "set_registered_model_alias", killed)
        model.approve("1")
    settle(model)
    assert (model.told(), model.live()) == ([("refused", None, "1")], None)
    model.approve("1")
    assert model.live() == "1"


def test_promotions_of_before_the_ledger_are_entered_from_their_records(model: Model) -> None:
    for version in model.versions(3):
        put_in_production(model.settings, version_of(model, version))
    settle(model)
    assert model.told() == [("promoted", None, "1"), ("promoted", "1", "2"), ("promoted", "2", "3")]
    assert {(one.by_whom, one.reason) for one in model.entries()} == {(BEFORE, "in a test")}
    assert [one.version_created for one in model.entries()] == [version_of(model, str(n)).created for n in (1, 2, 3)]
    settle(model)
    assert len(model.entries()) == 3, "once"


def test_an_alias_that_was_moved_by_hand_enters_nothing(model: Model) -> None:
    model.approve(*model.versions(2))
    client(model.settings).set_registered_model_alias(model.name, model.settings.model_alias, "1")
    settle(model)
    live = last_live(model.entries())
    assert live is not None and (live.to_version, len(model.entries())) == ("2", 2)
    with pytest.raises(UntrustedModelError, match="and version 2 after it"):
        verified_production(model.settings)


def settle(model: Model) -> None:
    with settled(model.settings, model.name):
        pass
