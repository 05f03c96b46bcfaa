"""The winner of a training as the model `modelo_entrenado_final`, with its own metrics, data sets and figures."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from mlflow.entities import Dataset, Metric, Run
from mlflow.tracking import MlflowClient

from connections.model_registry import make_default
from connections.settings import Settings
from readmission.clean.prepared_sets import PreparedSet, read_split
from readmission.clock import epoch, now
from readmission.inference import MANIFEST_FILE, SIGNATURE_FILE
from readmission.model.forest import inputs
from readmission.model.mlflow_models import log_model
from readmission.registry.batch_models import BATCH_TAG, FINAL_MODEL
from readmission.registry.card.shapes import Card
from readmission.registry.keys import signing_key
from readmission.registry.signed_models import SignedModel
from readmission.storage.contract_tables import Split
from readmission.training import final_card
from readmission.training.mlflow_runs import FIGURES, log_data


def log_final_model(
    settings: Settings, tracking: MlflowClient, parent_run_id: str, prepared: PreparedSet, best: Run, kept: SignedModel
) -> str:
    """Logs the best candidate's model under the training's own run, and gives the LoggedModel's id.

    What was measured of it goes with it, so that nobody has to find the candidate's run to know it.
    """
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(tracking.download_artifacts(best.info.run_id, FIGURES, folder))
        card = final_card.card_of(settings, prepared, best, figures)
        model_id = _log_kept(settings, parent_run_id, kept, sorted(figures.iterdir()), card)
    measured = log_data(tracking, parent_run_id, prepared, best.data.tags[BATCH_TAG])
    tracking.log_batch(parent_run_id, _metrics(best, model_id, measured))
    return model_id


def _log_kept(settings: Settings, run_id: str, kept: SignedModel, figures: list[Path], card: Card) -> str:
    """The candidate's pipeline, with the very files that were tried when it was logged, and its card."""
    make_default(settings)
    pipeline = kept.pipeline()
    example = inputs(read_split(settings, "val").head(5), pipeline)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in kept.served if name not in (MANIFEST_FILE, SIGNATURE_FILE)]
        for file in files:
            file.write_bytes(kept.served[file.name])
        files += final_card.write(card, Path(folder))
        logged = log_model(FINAL_MODEL, pipeline, files, run_id, example, signing_key(settings), figures)
    return str(logged.model_id)


def _metrics(best: Run, model_id: str, measured: Mapping[Split, Dataset]) -> list[Metric]:
    """The best candidate's metrics as those of the model; each of a split with the rows that it was measured on."""
    moment = int(epoch(now()) * 1000)
    found = []
    for name, value in best.data.metrics.items():
        data = next((data for split, data in measured.items() if name.startswith(f"{split}_")), None)
        on = {"dataset_name": data.name, "dataset_digest": data.digest} if data else {}
        found.append(Metric(name, value, moment, 0, model_id=model_id, **on))
    return found
