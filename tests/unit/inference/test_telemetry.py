"""Nobody is told what is scored here: ONNX Runtime would report to its maker, from a folder in the user's home."""

import os
import subprocess
import sys
from pathlib import Path

from readmission.model import serving_files
from tests.conftest import ROOT
from tests.unit.prepared import fitted_pipeline, prepared_rows

SCORED = """
import sys
from pathlib import Path
from readmission.inference import Scorer, read_folder
Scorer.unproven(read_folder(Path(sys.argv[1])))
"""


def test_a_process_that_was_told_nothing_leaves_no_trace_of_a_report(tmp_path: Path) -> None:
    served, home = tmp_path / "served", tmp_path / "home"
    served.mkdir()
    home.mkdir()
    serving_files.write(fitted_pipeline(), served, prepared_rows(100, seed=2), dataset="synthetic", target="lt30")
    # Nor is it quiet for being a test: ONNX Runtime reports from none where there is CI.
    told = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "GITHUB_ACTIONS", "XDG_CACHE_HOME")
    environment = {name: text for name, text in os.environ.items() if name not in told} | {"HOME": str(home)}
    command = (sys.executable, "-c", SCORED, str(served))
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)
    assert list(home.rglob("*onnxruntime*")) == []
