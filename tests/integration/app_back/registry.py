"""Real versions in a real registry, made of small forests of the pipeline's own kind."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient
from sklearn.pipeline import Pipeline

from connections.model_registry import client, make_default
from connections.settings import Settings
from readmission.features import BY_NAME, CATEGORIES, NUMBERS
from readmission.model import serving_files
from readmission.model.forest import inputs, make_pipeline
from readmission.model.mlflow_models import log_model
from readmission.params import ForestParams

ROWS = 600


@dataclass(frozen=True)
class Registered:
    """A version in the registry and the pipeline that it was made of."""

    version: str
    pipeline: Pipeline


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
    """Logs and registers a version as training does, and puts it in production."""
    pipeline, rows = fitted(seed)
    folder.mkdir(parents=True, exist_ok=True)
    files = serving_files.write(pipeline, folder, rows, dataset=dataset, target="lt30")
    if damage is not None:
        (folder / damage).write_bytes(b"damaged")
    tracking = client(settings)
    model_id, run_id = _logged(settings, tracking, pipeline, files, inputs(rows.head(2)))
    if not tracking.search_registered_models(f"name = '{settings.model_name}'"):
        tracking.create_registered_model(settings.model_name)
    tags = {"dataset": dataset, "val_f1": "0.27", "batch_id": "3"}
    made = tracking.create_model_version(
        settings.model_name, source=f"models:/{model_id}", run_id=run_id, tags=tags, model_id=model_id
    )
    tracking.set_registered_model_alias(settings.model_name, settings.model_alias, str(made.version))
    return Registered(str(made.version), pipeline)


def _logged(
    settings: Settings, tracking: MlflowClient, pipeline: Pipeline, files: list[Path], example: pd.DataFrame
) -> tuple[str, str]:
    make_default(settings)
    run = tracking.create_run(mlflow.set_experiment("api").experiment_id)
    with warnings.catch_warnings():
        # MLflow 3.17 warns of its own imports and of pandas 3 while it logs; the service does none of that.
        warnings.simplefilter("ignore")
        logged = log_model("modelo_entrenado_final", pipeline, files, run.info.run_id, example)
    return str(logged.model_id), run.info.run_id
