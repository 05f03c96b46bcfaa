"""Nothing of ours loads a pickle: `readmission export` writes some for people, and that is all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("connections", "readmission", "app_back", "app_front", "dags", "mlflow", "minio", "compose", "tests")
LOADERS = {"load", "loads", "Unpickler", "read_pickle", "load_context"}
PICKLES = {"pickle", "_pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"}
FLAVORS = {"mlflow.pyfunc.load_model", "mlflow.models.predict"}


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def unpickling(tree: ast.AST) -> list[str]:
    """What of a module could load a pickle: calls by their full names, and such functions imported by name."""
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    renamed = {
        alias.asname: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname
    }
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [name for name in (_full(call, imported | renamed) for call in calls) if _loads(name)]


def _full(call: str, names: dict[str, str]) -> str:
    first, _, rest = call.partition(".")
    return ".".join(filter(None, (names.get(first, first), rest)))


def _loads(name: str) -> bool:
    module, _, function = name.rpartition(".")
    if name in FLAVORS or function == "read_pickle":
        return True
    return function in LOADERS and bool(PICKLES & set(module.split(".")))


@pytest.mark.parametrize(
    "code",
    [
        "import pickle\npickle.loads(b'')",
        "import pickle as p\np.load(f)",
        "from pickle import loads\nloads(b'')",
        "from joblib import load as read\nread(f)",
        "import cloudpickle\ncloudpickle.load(f)",
        "import pickle\npickle.Unpickler(f).load()",
        "import pandas as pd\npd.read_pickle(f)",
        "import mlflow.pyfunc\nmlflow.pyfunc.load_model(uri)",
        "import mlflow\nmlflow.pyfunc.load_model(uri)",
    ],
)
def test_loading_a_pickle_is_recognised(code: str) -> None:
    assert unpickling(ast.parse(code))


@pytest.mark.parametrize("code", ["import json\njson.loads('')", "import pickle\npickle.dumps(1)", "Scorer.load(f)"])
def test_other_loading_is_not(code: str) -> None:
    assert not unpickling(ast.parse(code))


def test_no_module_loads_a_pickle() -> None:
    checked = {path: unpickling(ast.parse(path.read_text(encoding="utf-8"))) for path in sources()}
    assert len(checked) > 80
    assert not {path.relative_to(ROOT): found for path, found in checked.items() if found}
