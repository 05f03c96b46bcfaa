"""Writes a training's models as `.pkl` files for people who want them. Nothing of the platform ever loads one."""

import pickle
from collections.abc import Iterator
from pathlib import Path

from connections.model_registry import client, make_default, production_version
from connections.settings import Settings
from readmission.atomic_files import replacing
from readmission.errors import PromotionError
from readmission.model.mlflow_models import load_pipeline
from readmission.progress import Progress, silent
from readmission.registry.batch_models import BATCH_TAG, FINAL_MODEL, batch_runs, logged_model_id


def export(settings: Settings, folder: Path, progress: Progress = silent) -> list[Path]:
    """Writes `modelo_entrenado_batch{N}.pkl` and `modelo_entrenado_final.pkl` of the training behind production.

    Raises:
        PromotionError: no version is in production.
    """
    make_default(settings)
    models = dict(_models(settings))
    written = []
    for name, uri in models.items():
        with replacing(folder / f"{name}.pkl") as part:
            part.write_bytes(pickle.dumps(load_pipeline(uri)))
        written.append(folder / f"{name}.pkl")
        progress(len(written), len(models))
    return written


def _models(settings: Settings) -> Iterator[tuple[str, str]]:
    version = production_version(settings)
    if version is None:
        raise PromotionError("no version is in production yet; run the DAG entrenar_modelo first")
    for run in batch_runs(client(settings), version.run_id):
        yield f"modelo_entrenado_batch{run.data.tags[BATCH_TAG]}", f"models:/{logged_model_id(run)}"
    yield FINAL_MODEL, f"models:/{version.name}/{version.version}"
