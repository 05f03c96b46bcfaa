"""`readmission registry adopt`: a version that was logged before manifests, in a real MLflow, gets its proof."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from app_back.models.model_holder import ModelHolder
from connections.model_registry import EXTRA_FILES, RegisteredVersion, client, download_served_files, registered
from connections.settings import Settings, get_settings
from connections.version_files import add_served_file, download_version, list_served_files
from readmission import __version__
from readmission.inference import (
    EXAMPLES_FILE,
    MANIFEST_FILE,
    RECORD_TAG,
    SERVING_FILE,
    SIGNATURE_FILE,
    Examples,
    Manifest,
    ModelFileError,
    Scorer,
    check_version,
    read_folder,
)
from readmission.registry.adopt import ADOPTED, adopt
from readmission.registry.at_start import adopt_production
from tests.conftest import ROOT
from tests.integration.cli.shell import Shell
from tests.integration.registry.logged_by_hand import put_there
from tests.signed import KEYS

ARCHIVE = ROOT / "tests/data/flat_package_model.zip"
# What its pipeline answered to its three encounters when it was logged.
PROBABILITIES = [0.6734553087092013, 0.39583557916916706, 0.15752432957892007]


@pytest.fixture
def settings(
    stores: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Settings]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    name = f"modelo_{request.node.originalname}"
    yield stores.model_copy(update={"state_dir": tmp_path / "var", "model_name": name})
    get_settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version's folder as it was logged, with two served files."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path / "logged")
    return tmp_path / "logged"


def log(settings: Settings, folder: Path) -> RegisteredVersion:
    """Registers the folder as a version and puts it in production."""
    return registered(put_there(settings, folder, "modelo_entrenado_final"))


def tags(settings: Settings, tracking: MlflowClient) -> dict[str, str]:
    return dict(tracking.get_model_version(settings.model_name, "1").tags)


def test_a_version_of_before_is_served_again_with_the_answers_that_it_always_gave(
    settings: Settings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = log(settings, folder)
    holder = ModelHolder(settings)
    holder.refresh()
    assert "`readmission registry adopt`" in str(holder.problem)
    shell = Shell(settings, monkeypatch)
    said = shell.run("registry", "adopt")
    assert said == (
        f"version 1 of {settings.model_name} was adopted: its files answer its 3 examples as its pipeline does"
        ", and recorded as promoted, since it is in production and no promotion was recorded before"
    )
    told = tags(settings, client(settings))[ADOPTED]
    assert told.endswith(f"Z by release {__version__}: 3 examples reproduced")
    holder.refresh()
    assert (holder.state().version, holder.state().problem) == ("1", None)

    served = download_served_files(settings, version, tmp_path)
    assert sorted(file.name for file in served.iterdir()) == sorted(
        ["forest.onnx", SERVING_FILE, EXAMPLES_FILE, MANIFEST_FILE, SIGNATURE_FILE]
    )
    unchanged = folder / EXTRA_FILES
    assert all((served / file.name).read_bytes() == file.read_bytes() for file in unchanged.iterdir())
    examples = Examples.model_validate_json((served / EXAMPLES_FILE).read_bytes())
    assert examples.probabilities == pytest.approx(PROBABILITIES, abs=1e-9)
    assert holder.current().scorer.probabilities(examples.rows) == pytest.approx(PROBABILITIES, abs=1e-6)

    assert shell.run("registry", "adopt", "1") == f"version 1 of {settings.model_name} proves itself already"
    assert tags(settings, client(settings))[ADOPTED] == told


def test_where_nothing_is_in_production_there_is_nothing_to_adopt(settings: Settings) -> None:
    assert adopt(settings) == "no version is in production, so there is none to adopt"


def test_a_number_that_is_none_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Shell(settings, monkeypatch).run("registry", "adopt", "7", code=1)
    assert said.startswith(f"error: {settings.model_name} has no version 7")


def test_files_that_answer_otherwise_than_the_pipeline_are_not_adopted(settings: Settings, folder: Path) -> None:
    config = folder / EXTRA_FILES / SERVING_FILE
    config.write_text(config.read_text().replace('"Steady"', '"Steadily"'))
    version = log(settings, folder)
    with pytest.raises(ModelFileError, match=r"^version 1 of .* is not adopted: its served files answer otherwise"):
        adopt(settings)
    assert MANIFEST_FILE not in [file.name for file in list_served_files(settings, version)]
    assert ADOPTED not in tags(settings, client(settings))


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("input_example.json", "input_example.json cannot be read"),
        (f"{EXTRA_FILES}/{SERVING_FILE}", "serving.json is missing"),
        (f"{EXTRA_FILES}/forest.onnx", "forest.onnx is missing"),
    ],
)
def test_what_a_version_lacks_is_named(settings: Settings, folder: Path, lost: str, said: str) -> None:
    settings = settings.model_copy(update={"model_name": f"{settings.model_name}_{Path(lost).stem}"})
    (folder / lost).unlink()
    log(settings, folder)
    with pytest.raises(ModelFileError, match=rf"^version 1 of .* is not adopted: {said}"):
        adopt(settings)


def test_a_manifest_that_does_not_hold_is_not_written_over(settings: Settings, folder: Path, tmp_path: Path) -> None:
    version = log(settings, folder)
    adopt(settings)
    config = tmp_path / SERVING_FILE
    shutil.copy(folder / EXTRA_FILES / SERVING_FILE, config)
    config.write_text(config.read_text() + " ")
    add_served_file(settings, version, config)
    with pytest.raises(
        ModelFileError, match=r"is not adopted: extra_files/serving.json is not the file that manifest.json"
    ):
        adopt(settings)


def test_a_start_adopts_what_is_in_production_and_says_nothing_of_what_proves_itself(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    log(settings, folder)
    said = Shell(settings, monkeypatch).run("registry", "adopt", "--at-start")
    assert f"Version 1 of {settings.model_name} was adopted: its files answer its 3 examples" in said
    adopt_production(settings, told.append)
    assert told == []


def test_a_start_goes_on_when_the_version_in_production_is_refused(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / EXTRA_FILES / SERVING_FILE).unlink()
    log(settings, folder)
    said = Shell(settings, monkeypatch).run("registry", "adopt", "--at-start")
    assert f"Version 1 of {settings.model_name} is not adopted: serving.json is missing" in said


def test_a_start_trusts_what_is_in_production_once(settings: Settings, folder: Path) -> None:
    """Else whoever can write to MLflow would wait for a start to have a model of theirs signed."""
    told: list[str] = []
    adopt_production(settings, told.append)
    assert told == []
    version = log(settings, folder)
    adopt_production(settings, told.append)
    (said,) = told
    assert said.startswith(f"Version 1 of {settings.model_name}, which has the alias production, is refused: it has no")
    assert SIGNATURE_FILE not in [file.name for file in list_served_files(settings, version)]


def as_the_release_before(folder: Path) -> None:
    """Gives a version's folder examples, and a manifest that names the served files alone and that nobody signed."""
    served, kept = folder / EXTRA_FILES, json.loads((folder / "input_example.json").read_text())
    rows = [dict(zip(kept["columns"], row, strict=True)) for row in kept["data"]]
    (served / EXAMPLES_FILE).write_text(Examples(rows=rows, probabilities=PROBABILITIES).model_dump_json())
    (served / MANIFEST_FILE).write_text(Manifest.of(read_folder(served)).model_dump_json())


def test_a_manifest_of_before_is_held_and_every_file_signed(settings: Settings, folder: Path, tmp_path: Path) -> None:
    as_the_release_before(folder)
    version = log(settings, folder)
    assert "was adopted" in adopt(settings)
    (tmp_path / "got").mkdir()
    got = read_folder(download_version(settings, version, tmp_path / "got"))
    named = Manifest.model_validate_json(got[f"{EXTRA_FILES}/{MANIFEST_FILE}"]).files
    beside = {f"{EXTRA_FILES}/{name}" for name in (MANIFEST_FILE, SIGNATURE_FILE)}
    assert named.keys() == got.keys() - beside >= {"MLmodel", "model.skops", f"{EXTRA_FILES}/{SERVING_FILE}"}
    check_version(got, KEYS)


def test_a_file_that_a_manifest_of_before_does_not_describe_is_not_adopted(settings: Settings, folder: Path) -> None:
    as_the_release_before(folder)
    config = folder / EXTRA_FILES / SERVING_FILE
    config.write_text(config.read_text() + " ")
    log(settings, folder)
    with pytest.raises(ModelFileError, match=r"is not adopted: serving.json is not the file that manifest.json"):
        adopt(settings)


def test_a_version_that_got_the_alias_past_the_pipeline_is_not_recorded_by_an_adoption(
    settings: Settings, folder: Path
) -> None:
    adopted = log(settings, folder)
    adopt(settings)
    tracking = client(settings)
    source = tracking.get_model_version(adopted.name, "1").source
    assert source is not None
    model_id = source.removeprefix("models:/")
    again = tracking.create_model_version(settings.model_name, source, model_id=model_id)
    tracking.set_registered_model_alias(settings.model_name, settings.model_alias, str(again.version))
    assert adopt(settings).endswith("proves itself already")
    assert RECORD_TAG not in tracking.get_model_version(settings.model_name, str(again.version)).tags


def test_what_broke_off_before_the_manifest_is_done_again(settings: Settings, folder: Path) -> None:
    (folder / EXTRA_FILES / EXAMPLES_FILE).write_text('{"rows": [')
    version = log(settings, folder)
    assert "was adopted" in adopt(settings)
    assert "already" in adopt(settings, version.version)
    holder = ModelHolder(settings)
    holder.refresh()
    assert isinstance(holder.current().scorer, Scorer)
