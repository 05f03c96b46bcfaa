"""Writes a training's models as `.pkl` files for people who want them. Nothing of the platform ever loads one."""

import pickle
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from connections.model_registry import client, make_default
from connections.settings import Settings
from readmission.atomic_files import replacing
from readmission.errors import PromotionError
from readmission.progress import Progress, silent
from readmission.registry.batch_models import BATCH_TAG, FINAL_MODEL, candidate_runs, logged_model_id, model_name
from readmission.registry.records import verified_production
from readmission.registry.signed_models import SignedModel, logged_model, version_model


def export(settings: Settings, folder: Path, progress: Progress = silent) -> list[Path]:
    """Writes the models of the training behind production: of each batch, of their vote, and the final one.

    Raises:
        PromotionError: no version is in production.
        UntrustedModelError: one of them is not as the pipeline signed it, or was not put in production by it.
    """
    make_default(settings)
    models = dict(_models(settings))
    written: list[Path] = []
    for name, fetch in models.items():
        with replacing(folder / f"{name}.pkl") as part:
            part.write_bytes(pickle.dumps(fetch().pipeline()))
        written.append(folder / f"{name}.pkl")
        progress(len(written), len(models))
    return written


def _models(settings: Settings) -> Iterator[tuple[str, Callable[[], SignedModel]]]:
    """The names of the models, and what fetches each."""
    version = verified_production(settings)
    if version is None:
        raise PromotionError("no version is in production yet; run the DAG entrenar_modelo first")
    tracking = client(settings)
    for run in candidate_runs(tracking, version.run_id):
        name = model_name(run.data.tags[BATCH_TAG])
        yield name, partial(logged_model, settings, tracking, logged_model_id(run), name)
    yield FINAL_MODEL, partial(version_model, settings, version)
