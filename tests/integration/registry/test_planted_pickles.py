"""A pickle in every place of a version: nothing of the platform runs it, whoever signed the version, or nobody."""

import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app_back.models.model_holder import ModelHolder
from connections.model_registry import EXTRA_FILES, client, make_default
from connections.settings import Settings
from readmission.model import serving_files
from readmission.registry.adopt import adopt
from readmission.registry.export import export
from readmission.registry.promotion import promote, promote_if_better
from readmission.registry.records import verified_production
from readmission.registry.signed_models import logged_model
from readmission.scoring.choices import EngineName
from readmission.scoring.engines import engine_of
from readmission.storage.databases import initialise
from tests.conftest import ROOT
from tests.integration.registry.logged_by_hand import put_there
from tests.integration.registry.test_flat_package import PROBABILITIES
from tests.signed import KEY, other_key

pytestmark = pytest.mark.slow


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
    "model.pkl": lambda folder: (folder / "model.pkl").touch(),
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


def test_the_exploit_works_where_something_unpickles_it(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Exploit(tmp_path / "it ran")))
    code = f"import pickle; pickle.load(open({str(tmp_path / 'model.pkl')!r}, 'rb'))"
    subprocess.run((sys.executable, "-W", "ignore", "-c", code), check=True)
    assert (tmp_path / "it ran").exists()


@pytest.mark.parametrize("place", PLACES)
def test_nothing_unpickles_it(stores: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Signed by another key: refused everywhere. Adopted, or signed by the pipeline: used, and not unpickled."""
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    marker = tmp_path / "it ran"
    settings = stores.model_copy(update={"state_dir": tmp_path / "var"})
    initialise(settings)
    folder = with_a_pickle(tmp_path, marker, place)
    for signed_by in ("another", "nobody", "the pipeline"):
        settings = settings.model_copy(update={"model_name": f"pickles {place} {signed_by}"})
        if signed_by != "nobody":
            (KEY if signed_by == "the pipeline" else other_key()).sign_folder(folder)
        number, model_id = planted_in(settings, folder)
        done = [
            not isinstance(outcome(attempt), Exception) for attempt in attempts(settings, number, model_id, tmp_path)
        ]
        assert not marker.exists()
        assert signed_by != "another" or not any(done)
        assert done[0] or signed_by != "the pipeline" or place == "in the place of the pipeline"  # it was loaded, then
        (folder / EXTRA_FILES / "manifest.json").unlink(missing_ok=True)
        (folder / EXTRA_FILES / "manifest.sig").unlink(missing_ok=True)


def with_a_pickle(tmp_path: Path, marker: Path, place: str) -> Path:
    """A version's folder of before, with the examples of today and the exploit in one place."""
    folder = tmp_path / "version"
    with zipfile.ZipFile(ROOT / "tests/data/flat_package_model.zip") as archive:
        archive.extractall(folder)
    kept = json.loads((folder / "input_example.json").read_text())
    rows = pd.DataFrame(kept["data"], columns=kept["columns"])
    serving_files.write_examples(folder / EXTRA_FILES, rows, np.array(PROBABILITIES))
    (folder / "model.pkl").write_bytes(pickle.dumps(Exploit(marker)))
    PLACES[place](folder)
    return folder


def attempts(settings: Settings, number: str, model_id: str, tmp_path: Path) -> list[Callable[[], object]]:
    """All that loads a version, the service included; a forced promotion first, so that the rest finds a record."""
    return [
        lambda: promote(settings, settings.model_name, number, "by hand"),
        lambda: promote_if_better(settings, settings.model_name, number),
        lambda: export(settings, tmp_path / "exported"),
        lambda: logged_model(settings, client(settings), model_id, "it").pipeline(),
        lambda: ModelHolder(settings)._look(),
        lambda: adopt(settings, number),
        lambda: score_with(settings, "sklearn"),
        lambda: score_with(settings, "onnx"),
    ]


def outcome(attempt: Callable[[], object]) -> object:
    try:
        return attempt()
    except Exception as error:  # refused, each in its words
        return error


def planted_in(settings: Settings, folder: Path) -> tuple[str, str]:
    """Puts the folder there; its number, and its LoggedModel's id."""
    make_default(settings)
    made = put_there(settings, folder, "planted")
    return str(made.version), str(made.model_id)


def score_with(settings: Settings, engine: EngineName) -> None:
    version = verified_production(settings)
    assert version is not None
    with engine_of(settings, version, engine, 1):
        pass
