"""The prediction service as its image would import it: without the data-science stack, and without an unpickling."""

import subprocess
import sys

from tests.conftest import ROOT

ABSENT_FROM_THE_IMAGE = ("airflow", "boto3", "joblib", "matplotlib", "pandas", "polars", "pyarrow", "scipy", "skl2onnx",
                         "sklearn", "skops", "streamlit")  # fmt: skip

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
