"""The prediction service knows the contract, inference and the clients; no data-science stack, no pickle."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

OURS = {"app_back", "app_front", "connections", "dags", "readmission"}
ALLOWED = ("app_back.", "connections.", "readmission.features", "readmission.inference")
ABSENT_FROM_THE_IMAGE = ("airflow", "boto3", "joblib", "matplotlib", "pandas", "polars", "pyarrow", "scipy", "skl2onnx",
                         "sklearn", "skops", "streamlit")  # fmt: skip
UNPICKLERS = {"pickle", "joblib", "skops", "cloudpickle", "dill", "shelve", "marshal"}

# Imports the service as its image would: what is not installed there cannot be imported, and an unpickling ends it.
AS_IN_THE_IMAGE = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {ABSENT_FROM_THE_IMAGE!r}:
            raise ModuleNotFoundError(f"not in the image: {{name}}", name=name)

def no_pickle(event, arguments):
    if event == "pickle.find_class":
        raise RuntimeError(f"unpickled {{arguments}}")

sys.meta_path.insert(0, Absent())
sys.addaudithook(no_pickle)
"""
IMPORT_IT = """
from app_back.main import create_app
assert create_app().openapi()["paths"]
"""


def imported(source: str) -> Iterator[str]:
    """The full names that a module's source imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test sees them"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def forbidden(source: str) -> set[str]:
    """What the source imports although the service may not."""
    return {
        name
        for name in imported(source)
        if name.split(".")[0] in UNPICKLERS or (name.split(".")[0] in OURS and not f"{name}.".startswith(ALLOWED))
    }


@pytest.mark.parametrize("path", sorted((ROOT / "app_back").rglob("*.py")), ids=lambda path: path.name)
def test_a_module_imports_only_what_the_service_may_know(path: Path) -> None:
    assert forbidden(path.read_text()) == set()


def test_the_check_sees_a_forbidden_import() -> None:
    source = (
        "def late():\n    from readmission import cleaning\n    import pickle\nfrom readmission.features import X\n"
    )
    assert forbidden(source) == {"readmission.cleaning", "pickle"}


def run(source: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_the_service_needs_nothing_that_its_image_lacks() -> None:
    loaded = f"assert not set({ABSENT_FROM_THE_IMAGE!r}) & set(sys.modules), 'loaded'\n"
    outcome = run(AS_IN_THE_IMAGE + IMPORT_IT + loaded)
    assert outcome.returncode == 0, outcome.stderr


def test_the_guard_refuses_an_absent_package_and_an_unpickling() -> None:
    assert "not in the image: sklearn" in run(f"{AS_IN_THE_IMAGE}import sklearn.tree").stderr
    assert (
        "unpickled"
        in run(f"{AS_IN_THE_IMAGE}import pickle, fractions\npickle.loads(pickle.dumps(fractions.Fraction(1)))").stderr
    )
