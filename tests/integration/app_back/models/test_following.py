"""The holder beside a real registry: what it follows, what it refuses and why, and what it keeps on disk."""

from pathlib import Path

import pytest

from app_back.errors import NoModelError
from connections.settings import Settings
from connections.version_files import add_served_file
from readmission.inference import EXAMPLES_FILE, FOREST_FILE, MANIFEST_FILE, SERVING_FILE
from tests.integration.app_back.models.versions import Versions, following, kept
from tests.integration.app_back.promoted import put_in_production
from tests.integration.app_back.served import answer, register_served, tampered, write_served
from tests.mlflow_admin import mlflow_admin
from tests.signed import KEY


def test_what_does_not_prove_itself_is_refused_and_forgotten_once_it_is_mended(
    versions: Versions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings, one, two = versions.settings, versions.first, versions.second
    put_in_production(settings, one)
    holder = following(settings)
    loaded = holder.current()
    for name in (FOREST_FILE, SERVING_FILE, EXAMPLES_FILE):
        good = versions.served[1] / name
        (tmp_path / name).write_bytes(tampered(good.read_bytes()))
        add_served_file(settings, two, tmp_path / name)
        put_in_production(settings, two)
        caplog.clear()
        for _ in range(3):
            holder.refresh()
        assert holder.current().version.version == loaded.version.version
        problem = refusal_of_two(settings, f"{name} is not the file that manifest.json describes (sha256 differs)")
        assert holder.state().problem == problem
        assert [record.getMessage() for record in caplog.records].count(f"{problem}; the loaded version stays") == 1
        add_served_file(settings, two, good)
        holder.refresh()
        assert (holder.state().version, holder.state().problem) == ("2", None)
        put_in_production(settings, one)
        holder.refresh()
        assert (holder.state().version, holder.state().problem) == ("1", None)


def refusal_of_two(settings: Settings, why: str) -> str:
    return f"version 2 of {settings.model_name} is refused: {why}"


def test_a_file_more_and_a_manifest_that_is_none_are_refused(versions: Versions, tmp_path: Path) -> None:
    settings = versions.settings
    (tmp_path / "more.txt").write_text("more")
    add_served_file(settings, versions.second, tmp_path / "more.txt")
    holder = following(settings)
    assert holder.state().problem == refusal_of_two(settings, "more.txt is a file that manifest.json does not name")
    (tmp_path / MANIFEST_FILE).write_text("{}")
    add_served_file(settings, versions.second, tmp_path / MANIFEST_FILE)
    holder.refresh()
    assert holder.state().problem == refusal_of_two(
        settings, f"manifest.json is not what was signed with the key {KEY.id}"
    )
    assert holder.state().version is None


def test_a_large_file_that_changed_is_seen_within_a_minute(
    versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, two = versions.settings, versions.second
    monkeypatch.setattr("app_back.models.served_version._SMALL", 0)
    good = versions.served[1] / FOREST_FILE
    (tmp_path / FOREST_FILE).write_bytes(tampered(good.read_bytes()))
    add_served_file(settings, two, tmp_path / FOREST_FILE)
    holder = following(settings)
    add_served_file(settings, two, good)
    holder.refresh()
    assert holder.state().version is None
    monkeypatch.setattr("app_back.models.served_version.ANEW_SECONDS", 0.0)
    holder.refresh()
    assert holder.state().version == "2"


def test_a_version_from_before_manifests_is_refused_with_the_way_out(versions: Versions, tmp_path: Path) -> None:
    old = write_served(tmp_path / "old", seed=3)
    (old / EXAMPLES_FILE).unlink()
    version = register_served(versions.settings, old, tmp_path / "logged", signed=False)
    with pytest.raises(NoModelError, match=rf"version {version.version} of .* `readmission registry adopt`"):
        following(versions.settings).current()


def test_a_version_that_is_deleted_is_out_of_service_and_one_of_its_number_is_another(
    versions: Versions, tmp_path: Path
) -> None:
    settings = versions.settings
    holder = following(settings)
    with mlflow_admin(settings) as admin:
        admin.delete_model_version(settings.model_name, "2")
    holder.refresh()
    with pytest.raises(NoModelError, match=r"no version of .* has the alias production.*the latest is 1"):
        holder.current()
    assert kept(settings) is None
    put_in_production(settings, versions.first)
    holder.refresh()
    before = answer(holder.current().scorer)
    with mlflow_admin(settings) as admin:
        admin.delete_registered_model(settings.model_name)
    again = register_served(settings, versions.served[1], tmp_path / "again")
    assert again.version == versions.first.version
    holder.refresh()
    assert answer(holder.current().scorer) != before
