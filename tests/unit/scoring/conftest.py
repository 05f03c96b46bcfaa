"""A small forest, ready to score without a registry."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sklearn.pipeline import Pipeline

from connections.model_registry import RegisteredVersion
from connections.settings import Settings
from readmission.inference import Scorer
from readmission.model import serving_files
from readmission.scoring.choices import Options
from readmission.scoring.engines import Engine, onnx_engine, sklearn_engine
from readmission.scoring.results import ModelRecord
from readmission.scoring.score import Model, score_table
from readmission.scoring.tables import open_table
from tests.signed import load_signed
from tests.unit.prepared import fitted_pipeline, prepared_rows

VERSION = RegisteredVersion("modelo", "7", "run", {})
Score = Callable[..., ModelRecord]


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return fitted_pipeline()


@pytest.fixture(scope="session")
def served(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    serving_files.write(pipeline, folder, prepared_rows(200, seed=2), dataset="synthetic", target="lt30")
    return folder


@pytest.fixture(scope="session")
def scorer(served: Path) -> Scorer:
    return load_signed(served)


@pytest.fixture(scope="session")
def engines(scorer: Scorer, pipeline: Pipeline) -> Iterator[dict[str, Engine]]:
    with ThreadPoolExecutor(2) as pool:
        yield {"onnx": onnx_engine(scorer, pool), "sklearn": sklearn_engine(scorer, pipeline, pool)}


@pytest.fixture
def score(engines: dict[str, Engine], settings: Settings) -> Score:
    """Scores a file with the small forest."""

    def run(source: Path, out: Path, engine: str = "onnx", **options: str | bool) -> ModelRecord:
        model = Model(VERSION, engines[engine])
        return score_table(settings, open_table(source), model, source, out, Options(**options))  # type: ignore[arg-type]

    return run
