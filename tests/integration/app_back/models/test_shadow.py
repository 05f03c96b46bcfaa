"""The shadow beside a real registry: what is scored beside production, what is not and why, and when it is dropped."""

import json
from pathlib import Path

import pytest

from app_back.models.shadow_holder import ShadowHolder
from connections.model_registry import RegisteredVersion, client
from connections.settings import Settings
from connections.version_files import add_served_file
from readmission.inference import SERVING_FILE
from tests.integration.app_back.models.versions import Versions, following, without_mlflow
from tests.integration.app_back.promoted import put_in_production
from tests.integration.app_back.served import register_unpromoted, tampered
from tests.mlflow_admin import mlflow_admin

ALIAS = "challenger"


def challenge(settings: Settings, version: RegisteredVersion) -> None:
    client(settings).set_registered_model_alias(settings.model_name, ALIAS, version.version)


def shadowing(settings: Settings) -> ShadowHolder:
    """A holder that looked at the registry once, beside what follows production."""
    holder = ShadowHolder(settings, following(settings))
    holder.refresh()
    return holder


@pytest.fixture
def settings(versions: Versions) -> Settings:
    """The second is in production; who has the alias is each test's own."""
    return versions.settings.model_copy(update={"shadow_alias": ALIAS})


def test_it_is_followed_without_a_record_of_a_promotion_and_dropped_with_its_alias(
    settings: Settings, versions: Versions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    models = following(settings)
    holder = ShadowHolder(settings, models)
    without = f"no version of {settings.model_name} has the alias {ALIAS}"
    for _ in range(3):
        holder.refresh()
    assert (holder.version, holder.problem) == (None, without)
    third = register_unpromoted(settings, versions.served[0], tmp_path / "third")
    challenge(settings, third)
    holder.refresh()
    assert (holder.version, holder.problem) == ("3", None)
    shadow = holder.beside(models.current())
    assert shadow is not None and shadow.promotion is None
    with mlflow_admin(settings) as admin:
        admin.delete_registered_model_alias(settings.model_name, ALIAS)
    holder.refresh()
    assert (holder.version, holder.problem) == (None, without)
    said = [record.getMessage() for record in caplog.records]
    assert said.count(f"{without}; nothing is scored beside") == 2, "once each time that it became so"


def test_what_does_not_prove_itself_is_not_scored_and_production_answers_on(
    settings: Settings, versions: Versions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    challenge(settings, versions.first)
    holder = shadowing(settings)
    assert holder.version == "1"
    unsigned = register_unpromoted(settings, versions.served[0], tmp_path / "unsigned", signed=False)
    challenge(settings, unsigned)
    for _ in range(3):
        holder.refresh()
    assert holder.version is None, "not the one that had the alias before"
    assert holder.problem is not None and holder.problem.startswith("version 3 of ")
    assert [record.getMessage() for record in caplog.records].count(f"{holder.problem}; nothing is scored beside") == 1

    (tmp_path / SERVING_FILE).write_bytes(tampered((versions.served[0] / SERVING_FILE).read_bytes()))
    add_served_file(settings, versions.first, tmp_path / SERVING_FILE)
    challenge(settings, versions.first)
    fresh = shadowing(settings)
    assert fresh.version is None
    assert str(fresh.problem).endswith("serving.json is not the file that manifest.json describes (sha256 differs)")
    assert following(settings).state().version == "2"


def test_a_contract_that_is_not_served_is_not_scored(settings: Settings, versions: Versions, tmp_path: Path) -> None:
    served = tmp_path / "old"
    served.mkdir()
    for path in versions.served[0].iterdir():
        (served / path.name).write_bytes(path.read_bytes())
    config = json.loads((served / SERVING_FILE).read_bytes())
    (served / SERVING_FILE).write_text(json.dumps(config | {"contract_version": "0.1"}))
    challenge(settings, register_unpromoted(settings, served, tmp_path / "logged"))
    holder = shadowing(settings)
    assert holder.version is None
    assert "is refused: the model follows contract 0.1, this service" in str(holder.problem)


def test_the_version_that_answers_is_no_shadow_of_itself(settings: Settings, versions: Versions) -> None:
    challenge(settings, versions.first)
    models = following(settings)
    holder = ShadowHolder(settings, models)
    holder.refresh()
    assert holder.version == "1"
    put_in_production(settings, versions.first)
    models.refresh()
    assert holder.beside(models.current()) is None, "before its own look too"
    holder.refresh()
    told = f"version 1 of {settings.model_name} has the alias {ALIAS} and is the one that answers"
    assert holder.version is None and holder.problem == told


def test_a_registry_that_is_away_leaves_what_was_loaded(
    settings: Settings, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge(settings, versions.first)
    holder = shadowing(settings)
    monkeypatch.setattr(holder, "_settings", without_mlflow(settings))
    holder.refresh()
    told = f"MLflow does not give the version with the alias {ALIAS} (MlflowException)"
    assert (holder.version, holder.problem) == ("1", told)
    fresh = ShadowHolder(without_mlflow(settings), following(settings))
    fresh.refresh()
    assert (fresh.version, fresh.problem) == (None, told)
