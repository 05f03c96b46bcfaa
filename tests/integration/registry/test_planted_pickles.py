"""A pickle in every place of a version: nothing of the platform runs it, whoever signed the version, or nobody."""

import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app_back.models.model_holder import ModelHolder
from connections.model_registry import EXTRA_FILES, client, make_default, registered
from connections.settings import Settings
from readmission.registry.adopt import adopt
from readmission.registry.export import export
from readmission.registry.promotion import promote, promote_if_better
from readmission.registry.signed_models import logged_model
from readmission.scoring.engines import engine_of
from tests.conftest import ROOT
from tests.integration.cli.shell import Shell
from tests.signed import KEY, other_key


class Exploit:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, int]]:
        return os.open, (str(self.marker), os.O_CREAT)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def says(folder: Path, how: str) -> None:
    edit(folder / "MLmodel", "pickled_model: model.skops", "pickled_model: model.pkl")
    edit(folder / "MLmodel", "serialization_format: skops", f"serialization_format: {how}")


def has_a_loader_of_its_own(folder: Path) -> None:
    edit(folder / "MLmodel", "loader_module: mlflow.sklearn", "loader_module: mlflow.pyfunc.model")
    edit(folder / "MLmodel", "model_path: model.skops", "python_model: model.pkl\n    cloudpickle_version: 3.1.1")
    shutil.copy(folder / "model.pkl", folder / "python_model.pkl")


PLACES: dict[str, Callable[[Path], object]] = {
    "model.pkl": lambda folder: None,
    "MLmodel says pickle": lambda folder: says(folder, "pickle"),
    "MLmodel says cloudpickle": lambda folder: says(folder, "cloudpickle"),
    "trusts types of its own": lambda folder: edit(
        folder / "MLmodel", "- numpy.dtype", "- posix.system\n    - os.open"
    ),
    "a loader of its own": has_a_loader_of_its_own,
    "in the place of the pipeline": lambda folder: shutil.copy(folder / "model.pkl", folder / "model.skops"),
    "a served file more": lambda folder: shutil.copy(folder / "model.pkl", folder / EXTRA_FILES / "model.pkl"),
    "in the place of the forest": lambda folder: shutil.copy(
        folder / "model.pkl", folder / EXTRA_FILES / "forest.onnx"
    ),
    "examples": lambda folder: shutil.copy(folder / "model.pkl", folder / "input_example.json"),
    "requirements": lambda folder: shutil.copy(folder / "model.pkl", folder / "requirements.txt"),
}


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """The file that is there once the exploit ran; that it does is tried once."""
    made = tmp_path / "tried"
    assert b"posix" in pickle.dumps(Exploit(made))
    return tmp_path / "it ran"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("signed_by", ["nobody", "another", "the pipeline"])
def test_nothing_unpickles_it(
    stores: Settings, tmp_path: Path, marker: Path, monkeypatch: pytest.MonkeyPatch, place: str, signed_by: str
) -> None:
    settings = stores.model_copy(update={"state_dir": tmp_path / "var", "model_name": f"pickles {place} {signed_by}"})
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    with zipfile.ZipFile(ROOT / "tests/data/flat_package_model.zip") as archive:
        archive.extractall(tmp_path / "version")
    folder = tmp_path / "version"
    (folder / "model.pkl").write_bytes(pickle.dumps(Exploit(marker)))
    PLACES[place](folder)
    if signed_by != "nobody":
        (KEY if signed_by == "the pipeline" else other_key()).sign_folder(folder)
    number, model_id = put_there(settings, folder)
    attempts: list[Callable[[], object]] = [
        lambda: promote(settings, settings.model_name, number, "by hand"),
        lambda: promote_if_better(settings, settings.model_name, number),
        lambda: export(settings, tmp_path / "exported"),
        lambda: logged_model(settings, client(settings), model_id, "it").pipeline(),
        lambda: adopt(settings, number),
        lambda: score(settings),
    ]
    for attempt in attempts:
        try:
            attempt()
        except Exception as error:  # refused, each in its words
            assert not marker.exists(), error
    holder = ModelHolder(settings)
    holder.refresh()
    Shell(settings, monkeypatch).run("predict", "age=65", code=1)
    assert not marker.exists()
    assert holder.state().version is None


def put_there(settings: Settings, folder: Path) -> tuple[str, str]:
    """Registers the folder and gives it the alias; its number, and its LoggedModel's id."""
    make_default(settings)
    tracking = client(settings)
    found = tracking.get_experiment_by_name("planted")
    experiment = found.experiment_id if found else tracking.create_experiment("planted")
    model = tracking.create_logged_model(experiment, name="planted")
    tracking.log_model_artifacts(model.model_id, str(folder))
    tracking.finalize_logged_model(model.model_id, "READY")
    tracking.create_registered_model(settings.model_name)
    made = tracking.create_model_version(settings.model_name, f"models:/{model.model_id}", model_id=model.model_id)
    tracking.set_registered_model_alias(settings.model_name, settings.model_alias, str(made.version))
    return str(made.version), str(model.model_id)


def score(settings: Settings) -> None:
    version = registered(client(settings).get_model_version(settings.model_name, "1"))
    with engine_of(settings, version, "sklearn", 1):
        pass
