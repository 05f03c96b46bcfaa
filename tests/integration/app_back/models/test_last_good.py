"""The last good model on disk: when it answers, when it is replaced, and when it goes."""

import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from app_back.errors import NoModelError
from app_back.models.last_good import LastGood
from app_back.models.model_holder import ModelHolder, ModelState
from connections.settings import Settings
from readmission.inference import SERVING_FILE
from tests.integration.app_back.models.versions import Versions, following, kept, take_the_alias_away, without_mlflow
from tests.integration.app_back.promoted import put_in_production
from tests.integration.app_back.served import answer, register_served, tampered

GONE = "MLflow does not give the version in production (MlflowException)"


def test_it_starts_from_the_copy_without_mlflow_and_follows_when_it_is_back(versions: Versions) -> None:
    settings = versions.settings
    before = answer(following(settings).current().scorer)
    holder = following(without_mlflow(settings))
    state = holder.state()
    assert (state.version, state.source) == ("2", "disk")
    assert state.problem == f"{GONE}; version 2 answers from the copy on disk"
    assert answer(holder.current().scorer) == before
    assert not holder.known
    put_in_production(settings, versions.first)
    back = ModelHolder(settings)
    back._model = holder.current()
    back.refresh()
    assert (back.state().version, back.state().source, back.state().problem) == ("1", "registry", None)
    assert kept(settings) == "1"


def test_without_mlflow_and_without_a_copy_nothing_answers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    holder = following(settings)
    with pytest.raises(NoModelError) as told:
        holder.current()
    assert str(told.value) == f"no model is loaded yet: {GONE}"
    assert holder.state() == ModelState(None, None, None, GONE)


def test_files_that_are_not_to_be_had_leave_the_copy_to_answer(versions: Versions, tmp_path: Path) -> None:
    settings = versions.settings
    following(settings)
    (tmp_path / "nothing").mkdir()
    third = register_served(settings, tmp_path / "nothing", tmp_path / "none")
    state = following(settings).state()
    assert (state.version, state.source) == ("2", "disk")
    assert state.problem == (
        f"version {third.version} of {settings.model_name} has no served files in MLflow's store: were they deleted?; "
        "version 2 answers from the copy on disk"
    )


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-300])


def _another_threshold(path: Path) -> None:
    """As somebody does who unpacks the copy, edits it and packs it again."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = f"served/{SERVING_FILE}"
    files[name] = files[name].replace(b'"threshold": 0.', b'"threshold": 1.')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_truncated, "the copy on disk cannot be read (BadZipFile)"),
        (lambda path: path.write_bytes(b""), "the copy on disk cannot be read (BadZipFile)"),
        (lambda path: path.write_bytes(tampered(path.read_bytes())), "the copy on disk cannot be read (BadZipFile)"),
        (_another_threshold, "serving.json is not the file that manifest.json describes (sha256 differs)"),
    ],
    ids=["cut off", "empty", "a byte", "edited"],
)
def test_a_damaged_copy_is_refused_and_replaced_when_mlflow_is_back(
    versions: Versions, damage: Callable[[Path], object], said: str
) -> None:
    settings = versions.settings
    following(settings)
    damage(LastGood(settings).path)
    holder = following(without_mlflow(settings))
    with pytest.raises(NoModelError) as told:
        holder.current()
    assert str(told.value).startswith(f"no model is loaded yet: {GONE}; the copy ") and said in str(told.value)
    following(settings)
    assert following(without_mlflow(settings)).state().source == "disk"


def test_taking_the_alias_away_takes_the_copy_away_too(versions: Versions) -> None:
    settings = versions.settings
    holder = following(settings)
    assert kept(settings) == "2"
    take_the_alias_away(settings)
    holder.refresh()
    assert not LastGood(settings).path.exists()
    for late in (holder, following(without_mlflow(settings))):
        with pytest.raises(NoModelError):
            late.current()


def test_what_was_withdrawn_does_not_come_back_from_the_disk(versions: Versions) -> None:
    settings = versions.settings
    holder = following(settings)
    copy = LastGood(settings).path.read_bytes()
    take_the_alias_away(settings)
    holder.refresh()
    LastGood(settings).path.write_bytes(copy)
    holder._settings = without_mlflow(settings)
    holder.refresh()
    assert holder.state() == ModelState(None, None, None, GONE)


def test_an_alias_that_went_while_nothing_ran_is_seen_at_the_start(versions: Versions) -> None:
    settings = versions.settings
    following(settings)
    take_the_alias_away(settings)
    with pytest.raises(NoModelError, match="has the alias production"):
        following(settings).current()
    assert not LastGood(settings).path.exists()


def test_a_copy_that_cannot_be_removed_is_told_and_does_not_answer(versions: Versions) -> None:
    settings = versions.settings
    holder = following(settings)
    path = LastGood(settings).path
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    take_the_alias_away(settings)
    holder.refresh()
    problem = holder.state().problem
    assert problem is not None and problem.startswith("the copy of the withdrawn model cannot be removed (")
    assert problem.endswith(f"delete {path}")
    with pytest.raises(NoModelError, match="no model is in production"):
        holder.current()


def test_a_disk_that_takes_no_copy_is_told_and_tried_again(versions: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = versions.settings
    settings.state_dir.mkdir(exist_ok=True)
    in_the_way = settings.state_dir / "serving"
    in_the_way.write_text("a file where the folder should be")
    holder = following(settings)
    state = holder.state()
    assert (state.version, state.source) == ("2", "registry")
    assert state.problem is not None and state.problem.startswith(
        f"version 2 of {settings.model_name} cannot be kept on disk for a start without MLflow ("
    )
    in_the_way.unlink()
    holder.refresh()
    assert kept(settings) is None
    monkeypatch.setattr("app_back.models.kept_copy.AGAIN_SECONDS", 0.0)
    holder.refresh()
    assert (kept(settings), holder.state().problem) == ("2", None)


def test_a_copy_of_another_version_is_replaced(versions: Versions) -> None:
    settings = versions.settings
    holder = following(settings)
    put_in_production(settings, versions.first)
    following(settings)
    put_in_production(settings, versions.second)
    assert kept(settings) == "1"
    holder.refresh()
    assert kept(settings) == "2"


def test_two_that_share_the_folder_never_leave_half_a_copy(versions: Versions) -> None:
    settings, done = versions.settings, Event()
    holders = [following(settings), following(settings)]

    def look(holder: ModelHolder) -> None:
        while not done.is_set():
            holder.refresh()

    def read() -> set[str]:
        seen = set()
        while not done.is_set():
            copy = LastGood(settings).load()
            assert copy is not None
            seen.add(copy.version.version)
        return seen

    with ThreadPoolExecutor(3) as pool:
        looking = [pool.submit(look, holder) for holder in holders]
        reading = pool.submit(read)
        try:
            for version in (versions.first, versions.second) * 3:
                put_in_production(settings, version)
                while any(holder.state().version != version.version for holder in holders):
                    assert not reading.done()
        finally:
            done.set()
        for task in looking:
            task.result()
        assert reading.result() == {"1", "2"}
    assert kept(settings) == "2"
    assert [path.name for path in LastGood(settings).path.parent.iterdir()] == ["last_good.zip"]
