"""What somebody who can write to MLflow tries: to have the service follow what the pipeline did not promote."""

import json
from pathlib import Path

import pytest

from app_back.models.model_holder import ModelHolder
from connections.model_registry import RegisteredVersion, client
from connections.settings import Settings
from connections.version_files import add_served_file
from readmission.inference import MANIFEST_FILE, RECORD_TAG, SERVING_FILE
from readmission.registry.rollback import roll_back
from readmission.storage.databases import initialise
from tests.integration.app_back.models.versions import Versions, following, without_mlflow
from tests.integration.app_back.promoted import move_the_alias, put_in_production
from tests.integration.app_back.served import register_served
from tests.mlflow_admin import mlflow_admin
from tests.signed import KEY, other_key, sign_served


def record(settings: Settings, version: RegisteredVersion) -> str:
    return client(settings).get_model_version(version.name, version.version).tags[RECORD_TAG]


def give(settings: Settings, version: RegisteredVersion, tag: str) -> None:
    client(settings).set_model_version_tag(version.name, version.version, RECORD_TAG, tag)


def refused(holder: ModelHolder, version: RegisteredVersion, serving: str | None, why: str = "not_promoted") -> str:
    """Looks once more: the other version still answers, and it is said why this one does not."""
    holder.refresh()
    state = holder.state()
    assert (state.version, state.refused) == (serving, why)
    assert state.problem is not None and state.problem.startswith(f"version {version.version} of {version.name} is ref")
    return state.problem


@pytest.fixture
def third(versions: Versions, tmp_path: Path) -> RegisteredVersion:
    """A version that is signed and was never promoted; the second is in production."""
    made = register_served(versions.settings, versions.served[0], tmp_path / "third")
    with mlflow_admin(versions.settings) as admin:
        admin.delete_model_version_tag(made.name, made.version, RECORD_TAG)
    move_the_alias(versions.settings, versions.second)
    return made


def test_an_alias_that_was_moved_by_hand_is_not_followed(versions: Versions, third: RegisteredVersion) -> None:
    holder = following(versions.settings)
    move_the_alias(versions.settings, third)
    assert "it has no record of its promotion" in refused(holder, third, "2")
    put_in_production(versions.settings, third)
    holder.refresh()
    assert (holder.state().version, holder.state().problem, holder.state().refused) == ("3", None, None)


def test_an_alias_that_was_moved_is_followed_where_that_is_allowed(
    versions: Versions, third: RegisteredVersion, caplog: pytest.LogCaptureFixture
) -> None:
    settings = versions.settings.model_copy(update={"allow_external_promotion": True})
    holder = following(settings)
    move_the_alias(settings, third)
    holder.refresh()
    assert holder.state().version == "3" and holder.current().promotion is None
    assert "past the pipeline" in caplog.text
    assert following(without_mlflow(settings)).state().version == "3"
    # Not so by a service that does not allow it: from the copy on disk as little as from MLflow.
    assert following(without_mlflow(versions.settings)).state().version is None


def test_a_record_of_another_version_or_model_is_none(versions: Versions, third: RegisteredVersion) -> None:
    settings = versions.settings
    holder = following(settings)
    give(settings, third, record(settings, versions.second))
    move_the_alias(settings, third)
    assert "is that of version 2" in refused(holder, third, "2")
    told = json.loads(record(settings, versions.second))
    changed = told["record"].replace('"version":"2"', '"version":"3"')
    give(settings, third, json.dumps(told | {"record": changed}))
    assert f"is not what was signed with the key {KEY.id}" in refused(holder, third, "2", "changed")
    signature = other_key().sign("promotion", changed.encode()).model_dump()
    give(settings, third, json.dumps({"record": changed, "signature": signature}))
    assert "is not among MODEL_PUBLIC_KEYS" in refused(holder, third, "2", "wrong_key")
    signature = KEY.sign("manifest", changed.encode()).model_dump()
    give(settings, third, json.dumps({"record": changed, "signature": signature}))
    refused(holder, third, "2", "changed")
    for nonsense in ("", "{}", "no json", json.dumps({"record": 1, "signature": None})):
        give(settings, third, nonsense)
        refused(holder, third, "2")


def test_a_record_of_before_does_not_bring_a_version_back(versions: Versions) -> None:
    """After a rollback, and after a promotion: each has a record that once was right."""
    settings, first, second = versions.settings, versions.first, versions.second
    holder = following(settings)
    move_the_alias(settings, first)
    assert "and version 2 after it" in refused(holder, first, "2")
    put_in_production(settings, first)
    holder.refresh()
    assert holder.state().version == "1"
    move_the_alias(settings, second)
    assert "and version 1 after it" in refused(holder, second, "1")
    # A service that has just begun finds the later record in MLflow; one that was there, in its copy.
    assert following(settings.model_copy(update={"state_dir": settings.state_dir / "new"})).state().version is None
    with mlflow_admin(settings) as admin:
        admin.delete_model_version_tag(first.name, first.version, RECORD_TAG)
    assert "and version 1 after it" in refused(holder, second, "1")
    assert following(settings).state().version in (None, "1")
    assert following(settings).state().refused == "not_promoted"


def test_going_back_is_by_records_alone(versions: Versions, third: RegisteredVersion) -> None:
    settings = versions.settings
    initialise(settings)
    client(settings).set_model_version_tag(third.name, third.version, "promoted_at", "2999-01-01T00:00:00Z")
    move_the_alias(settings, third)
    for expected in ("2", "1"):
        assert roll_back(settings, settings.model_name, "moved by hand").to_version == expected
        assert following(settings).state().version == expected


def test_a_description_that_was_swapped_with_its_manifest_is_refused(versions: Versions, tmp_path: Path) -> None:
    """The pipeline's own files of another version are signed, and are not those that were promoted."""
    settings, second = versions.settings, versions.second
    put_in_production(settings, versions.first)
    holder = following(settings)
    put_in_production(settings, second)
    edited = tmp_path / "edited"
    edited.mkdir()
    for file in versions.served[1].iterdir():
        (edited / file.name).write_bytes(file.read_bytes())
    (edited / SERVING_FILE).write_bytes(
        (edited / SERVING_FILE).read_bytes().replace(b'"threshold": 0', b'"threshold": 1')
    )
    sign_served(edited, other_key())
    for name in (SERVING_FILE, MANIFEST_FILE):
        add_served_file(settings, second, edited / name)
    assert "manifest.json is not what was signed" in refused(holder, second, "1", "changed")
    other = sign_served(versions.served[0])
    for file in other.iterdir():
        add_served_file(settings, second, file)
    for name in ("manifest.json", "manifest.sig"):
        (other / name).unlink()
    assert "its files are not those that were promoted" in refused(holder, second, "1", "changed")
