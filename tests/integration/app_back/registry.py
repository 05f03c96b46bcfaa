"""Real versions in a real registry, made of small forests of the pipeline's own kind."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from connections.model_registry import RegisteredVersion, client, make_default, registered
from connections.settings import Settings
from connections.version_files import add_served_file
from readmission.features import BY_NAME, CATEGORIES, NUMBERS, complete_request, model_row
from readmission.inference import EXAMPLES_FILE, REASONS_FILE
from readmission.model import serving_files
from readmission.model.forest import inputs, make_pipeline
from readmission.model.mlflow_models import TRUSTED_TYPES, log_model, signature
from readmission.params import ForestParams
from readmission.registry.keys import signing_key
from tests.integration.app_back.promoted import move_the_alias, put_in_production

FINAL = "modelo_entrenado_final"
ROWS = 600


@dataclass(frozen=True)
class Registered:
    """A version in the registry and the pipeline that it was made of."""

    version: str
    pipeline: Pipeline

    @staticmethod
    def defaults() -> pd.DataFrame:
        """The patient at all defaults, as the pipeline's input."""
        return inputs(pd.DataFrame([model_row(complete_request({}))]))


def frame(seed: int) -> pd.DataFrame:
    """Random encounters over every category of the contract."""
    random = np.random.default_rng(seed)
    columns: dict[str, object] = {}
    for name in NUMBERS:
        field = BY_NAME[name]
        assert field.minimum is not None and field.maximum is not None
        columns[name] = random.integers(field.minimum, min(field.maximum, 20), ROWS, endpoint=True)
    for name in CATEGORIES:
        columns[name] = random.choice(np.array(BY_NAME[name].vocabulary, dtype=object), ROWS)
    return pd.DataFrame(columns)


def fitted(seed: int) -> tuple[Pipeline, pd.DataFrame]:
    """A small forest of the pipeline's own kind; the risk grows with earlier stays."""
    rows = frame(seed)
    risk = 0.1 + 0.04 * rows["number_inpatient"]
    target = (np.random.default_rng(seed).random(ROWS) < risk).astype(int)
    params = ForestParams(n_estimators=60, min_samples_leaf=5, random_state=seed)
    return make_pipeline(params, jobs=1).fit(inputs(rows), target), rows


def register(
    settings: Settings, folder: Path, seed: int = 1, dataset: str = "synthetic", damage: str | None = None
) -> Registered:
    """Logs and registers a version as training does, and puts it in production; a file may be damaged then."""
    pipeline, rows = fitted(seed)
    folder.mkdir(parents=True, exist_ok=True)
    files = serving_files.write(pipeline, folder, rows, dataset=dataset, target="lt30")
    with _run(settings) as run_id:
        logged = log_model(FINAL, pipeline, files, run_id, inputs(rows.head(2)), signing_key(settings))
    version = registered_version(settings, str(logged.model_id), run_id, dataset)
    if damage is not None:
        (folder / damage).write_bytes(b"damaged")
        add_served_file(settings, version, folder / damage)
    put_in_production(settings, version)
    return Registered(version.version, pipeline)


def register_as_before(settings: Settings, folder: Path) -> Registered:
    """The same as a release did that signed nothing, and wrote neither manifest nor examples nor a record."""
    pipeline, rows = fitted(1)
    folder.mkdir(parents=True)
    files = serving_files.write(pipeline, folder, rows, dataset="synthetic", target="lt30")
    with _run(settings) as run_id, mlflow.start_run(run_id=run_id):
        logged = mlflow.sklearn.log_model(
            pipeline,
            name=FINAL,
            serialization_format="skops",
            skops_trusted_types=TRUSTED_TYPES,
            signature=signature(pipeline),
            input_example=inputs(rows.head(2)),
            pip_requirements=["scikit-learn"],
            extra_files=[str(path) for path in files if path.name not in (EXAMPLES_FILE, REASONS_FILE)],
        )
    version = registered_version(settings, str(logged.model_id), run_id, "synthetic")
    move_the_alias(settings, version)
    return Registered(version.version, pipeline)


def registered_version(settings: Settings, model_id: str, run_id: str, dataset: str) -> RegisteredVersion:
    """A version of a LoggedModel, as a training tags it."""
    tracking = client(settings)
    if not tracking.search_registered_models(f"name = '{settings.model_name}'"):
        tracking.create_registered_model(settings.model_name)
    tags = {"dataset": dataset, "val_f1": "0.27", "batch_id": "3"}
    made = tracking.create_model_version(
        settings.model_name, source=f"models:/{model_id}", run_id=run_id, tags=tags, model_id=model_id
    )
    return registered(made)


@contextmanager
def _run(settings: Settings) -> Iterator[str]:
    """A run for a model, without the warnings of MLflow 3.17 of its own imports and of pandas 3."""
    make_default(settings)
    run = client(settings).create_run(mlflow.set_experiment("api").experiment_id)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield str(run.info.run_id)
