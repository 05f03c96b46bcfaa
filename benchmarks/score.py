"""How fast `readmission score` is beside the raw rate of either engine on a matrix that lies ready; and its memory.

Trains a forest on the data set that is given, and prints one table of medians:

    python -m benchmarks.score --source synthetic --rounds 3
"""

import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.pipeline import Pipeline

from connections.model_registry import RegisteredVersion
from connections.settings import get_settings
from readmission.clean.cleaning import clean
from readmission.dataset.obtain import obtain
from readmission.features import PREPARED_FIELDS
from readmission.inference import FOREST_FILE, Scorer, read_folder
from readmission.inference.onnx_runtime import onnxruntime
from readmission.model import serving_files
from readmission.model.forest import inputs, make_pipeline
from readmission.params import ForestParams
from readmission.scoring.choices import Options
from readmission.scoring.engines import Engine, cores, matrix_of_frame, onnx_engine, sklearn_engine
from readmission.scoring.score import Model, score_table
from readmission.scoring.tables import open_table

TRAINED_ON = 15_000
LARGER = 3
VERSION = RegisteredVersion("benchmark", "1", "", {})
console = Console()


@dataclass(frozen=True)
class Case:
    """A forest, its served files, and the encounters to score: as a file, and as the forest's matrix."""

    pipeline: Pipeline
    folder: Path
    encounters: pl.DataFrame
    matrix: NDArray[np.float32]

    @property
    def file(self) -> Path:
        """The encounters in the source's columns."""
        return self.folder / "encounters.csv"

    @property
    def served(self) -> Path:
        """The folder of the served files."""
        return self.folder / "served"


def main(
    source: Annotated[str, typer.Option(help="what `readmission load --source` takes")] = "synthetic",
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    trees: Annotated[int, typer.Option(min=10)] = 300,
) -> None:
    """Prints rows a second of raw engines and of the command's work, their ratio, and the peak memory of two files."""
    with tempfile.TemporaryDirectory() as folder:
        case = _case(source, trees, Path(folder))
        rates = _rates(case, rounds)
        raw = max(rates[f"raw {name}"] for name in ("onnx", "sklearn"))
        table = Table("What", "Rows a second", "Of the faster raw engine")
        for what, rate in rates.items():
            table.add_row(what, f"{rate:,.0f}", f"{rate / raw:.2f}")
        console.print(table)
        for copies in (1, LARGER):
            rows, peak = _memory(case, copies)
            console.print(f"peak memory with {rows:,} rows: {peak:,.0f} MiB", highlight=False)
    console.print(f"{trees} trees, {cores()} cores, {platform.processor() or platform.machine()}", highlight=False)


def _case(source: str, trees: int, folder: Path) -> Case:
    with obtain(get_settings(), source) as obtained:
        raw = pl.read_csv(obtained.path, infer_schema=False)
    excluded = [pl.col(str(field.source)).is_in(sorted(field.excluded)) for field in PREPARED_FIELDS if field.excluded]
    encounters = raw.filter(~pl.any_horizontal(excluded))
    cleaned = clean(encounters.lazy(), "lt30").collect()
    learned = cleaned.sample(min(TRAINED_ON, cleaned.height), seed=1).to_pandas()
    pipeline = make_pipeline(ForestParams(n_estimators=trees), cores()).fit(inputs(learned), learned["target"])
    served = folder / "served"
    served.mkdir()
    serving_files.write(pipeline, served, cleaned.tail(TRAINED_ON).to_pandas(), dataset="real", target="lt30")
    encounters.write_csv(folder / "encounters.csv")
    return Case(pipeline, folder, encounters, matrix_of_frame(Scorer.unproven(read_folder(served)), cleaned))


def _rates(case: Case, rounds: int) -> dict[str, float]:
    """The median rows a second of each."""
    scorer = Scorer.unproven(read_folder(case.served))
    with ThreadPoolExecutor(cores()) as pool:
        measured: dict[str, Callable[[], object]] = {
            "raw onnx": _raw_onnx(case),
            "raw sklearn": _raw_sklearn(case),
            "score --engine onnx": lambda: _score(case, onnx_engine(scorer, pool)),
            "score --engine sklearn": lambda: _score(case, sklearn_engine(scorer, case.pipeline, pool)),
        }
        seconds: dict[str, list[float]] = {what: [] for what in measured}
        for _ in range(rounds):
            for what, work in measured.items():
                began = time.perf_counter()
                work()
                seconds[what].append(time.perf_counter() - began)
    return {what: len(case.matrix) / median(took) for what, took in seconds.items()}


def _raw_onnx(case: Case) -> Callable[[], object]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores()
    session = onnxruntime.InferenceSession(
        (case.served / FOREST_FILE).read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(["probabilities"], {session.get_inputs()[0].name: case.matrix})


def _raw_sklearn(case: Case) -> Callable[[], object]:
    forest = case.pipeline["forest"].forest_

    def predict() -> object:
        forest.n_jobs = cores()
        return forest.predict_proba(case.matrix)

    return predict


def _score(case: Case, engine: Engine) -> None:
    source, out = case.file, case.folder / "scored.csv"
    score_table(get_settings(), open_table(source), Model(VERSION, engine), source, out, Options(overwrite=True))


def _memory(case: Case, copies: int) -> tuple[int, float]:
    """How many rows were scored, and the peak memory of a process that did so, in MiB."""
    file = case.folder / f"encounters{copies}.csv"
    with file.open("wb") as written:
        for copy in range(copies):
            written.write(case.encounters.write_csv(include_header=copy == 0).encode())
    command = [sys.executable, "-m", "benchmarks.peak_memory", str(case.served), str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return copies * case.encounters.height, float(told.stdout)


if __name__ == "__main__":
    typer.run(main)
