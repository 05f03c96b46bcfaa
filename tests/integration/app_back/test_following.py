"""The holder beside a real registry: what it follows, what it refuses and why, and what it keeps on disk."""

import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from app_back.errors import NoModelError
from app_back.models.last_good import LastGood
from app_back.models.model_holder import ModelHolder
from connections.model_registry import RegisteredVersion, client
from connections.settings import Settings
from connections.version_files import add_served_file
from readmission.inference import EXAMPLES_FILE, FOREST_FILE, MANIFEST_FILE, SERVING_FILE
from tests.conftest import NOBODY_LISTENS
from tests.integration.app_back.served import answer, put_in_production, register_served, tampered, write_served

GONE = "MLflow does not give the version in production (MlflowException)"


@dataclass(frozen=True)
class Versions:
    """Two versions of one registered model, and the files that each was registered with."""

    settings: Settings
    first: RegisteredVersion
    second: RegisteredVersion
    served: tuple[Path, Path]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("served")
    return write_served(folder / "1", seed=1), write_served(folder / "2", seed=2)


@pytest.fixture
def versions(
    stores: Settings,
    folders: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Versions:
    """The second is in production."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    name = f"modelo_{request.node.originalname}"
    settings = stores.model_copy(update={"state_dir": tmp_path / "var", "model_name": name})
    made = [register_served(settings, served, tmp_path / served.name) for served in folders]
    return Versions(settings, made[0], made[1], folders)


def without_mlflow(settings: Settings) -> Settings:
    return settings.model_copy(update={"mlflow_tracking_uri": NOBODY_LISTENS})


def following(settings: Settings) -> ModelHolder:
    """A holder that looked at the registry once."""
    holder = ModelHolder(settings)
    holder.refresh()
    return holder


def kept(settings: Settings) -> str | None:
    version = LastGood(settings).version()
    return None if version is None else version.version


def take_the_alias_away(settings: Settings) -> None:
    client(settings).delete_registered_model_alias(settings.model_name, settings.model_alias)


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
        assert holder.current().version == loaded.version
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
    assert holder.state().problem == refusal_of_two(settings, "cannot read manifest.json: files: Field required")
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
    for name in (MANIFEST_FILE, EXAMPLES_FILE):
        (old / name).unlink()
    version = register_served(versions.settings, old, tmp_path / "logged")
    with pytest.raises(NoModelError, match=rf"version {version.version} of .* `readmission registry adopt`"):
        following(versions.settings).current()


def test_a_version_that_is_deleted_is_out_of_service_and_one_of_its_number_is_another(
    versions: Versions, tmp_path: Path
) -> None:
    settings = versions.settings
    holder = following(settings)
    tracking = client(settings)
    tracking.delete_model_version(settings.model_name, "2")
    holder.refresh()
    with pytest.raises(NoModelError, match=r"no version of .* has the alias production.*the latest is 1"):
        holder.current()
    assert kept(settings) is None
    put_in_production(settings, versions.first)
    holder.refresh()
    before = answer(holder.current().scorer)
    tracking.delete_registered_model(settings.model_name)
    again = register_served(settings, versions.served[1], tmp_path / "again")
    assert again.version == versions.first.version
    holder.refresh()
    assert answer(holder.current().scorer) != before


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
    assert holder.state() == (None, None, None, GONE)


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
    assert holder.state() == (None, None, None, GONE)


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
