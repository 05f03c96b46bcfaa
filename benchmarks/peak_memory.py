"""Scores a file with a model's served files, and prints the process's peak memory in MiB.

python -m benchmarks.peak_memory FOLDER FILE
"""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from connections.model_registry import RegisteredVersion
from connections.settings import get_settings
from readmission.inference import Scorer, read_folder
from readmission.scoring.choices import Options
from readmission.scoring.engines import cores, onnx_engine
from readmission.scoring.score import Model, score_table
from readmission.scoring.tables import open_table

KIB = 1024


def main(folder: Path, file: Path) -> None:
    """Writes the result beside the file."""
    with ThreadPoolExecutor(cores()) as pool:
        model = Model(
            RegisteredVersion("benchmark", "1", "", {}), onnx_engine(Scorer.unproven(read_folder(folder)), pool)
        )
        out = file.with_name("scored.csv")
        score_table(get_settings(), open_table(file), model, file, out, Options(overwrite=True))
    # Not `getrusage`, which counts what the process was before it became this one.
    peak = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    sys.stdout.write(f"{int(peak[0]) / KIB}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
