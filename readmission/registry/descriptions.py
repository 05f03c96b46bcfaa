"""What MLflow's pages say of the experiment, its runs, the registered model and its versions, in Markdown."""

import logging
from collections.abc import Mapping

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from connections.settings import Settings
from readmission.registry.batch_models import ALL_BATCHES

logger = logging.getLogger(__name__)

NOTE = "mlflow.note.content"
_KIND = {"mlflow.experimentKind": "custom_model_development"}
# What an address within MLflow's pages needs to open on runs and models, not on traces of language models.
_MODEL_TRAINING = "?workflowType=machine_learning"
_IN_PRODUCTION = "In production:"
_LOGGED_MODEL = "models:/m-"
_OF_EXPERIMENT = (
    "Forests that estimate whether a diabetic patient will be readmitted within 30 days. A training is a run, with a "
    "run a batch below it, and one for the vote of them all; the best by `val_f1` becomes a version of the registered "
    "model."
)
_OF_MODEL = (
    "The probability that a diabetic patient who is being discharged will be readmitted within 30 days. The prediction "
    "service follows the alias `production`."
)


def of_training(dataset: str, batches: Mapping[int, int]) -> str:
    """Of a training's own run: what it is, and what is found below it."""
    return (
        f"One training on {_kind_of(dataset)}: {len(batches)} batches with {sum(batches.values()):,} rows in all, a "
        "run each below this one, and one for the vote of them all. The best by `val_f1` becomes a version of the "
        "registered model; its metrics, figures and data are on this run's model `modelo_entrenado_final`."
    )


def of_batch(batch_id: int, rows: int, dataset: str) -> str:
    """Of the run of one batch."""
    return (
        f"The forest of batch {batch_id}, trained on its {rows:,} rows of {_kind_of(dataset)} and measured on the "
        "validation and test rows that all batches share. Artifacts has its curves and its calibration under `figures`."
    )


def of_vote(batches: list[str], dataset: str) -> str:
    """Of the run of the vote of all batches."""
    return (
        f"The vote of the forests of batches {', '.join(batches)}, trained on {_kind_of(dataset)}: one forest of all "
        "their trees. Its threshold and its calibration come from what each training row gets from the forests of the "
        "other batches. Artifacts has its curves and its calibration under `figures`."
    )


def of_version(tags: Mapping[str, str], experiment_id: str, model_id: str, run_id: str) -> str:
    """Of a version: what it was made of, how good it is, and where its figures are."""
    training = _link("this training", f"experiments/{experiment_id}/runs/{run_id}")
    model = f"experiments/{experiment_id}/models/{model_id}"
    return (
        f"{_forest(tags['batch_id'])} of {training}, trained on {_kind_of(tags['dataset'])} "
        f"(load {tags['load_id']}, prepared set {tags['prepared_id']}).\n\n"
        f"On test rows: ROC-AUC {_short(tags['test_roc_auc'])}, F1 {_short(tags['test_f1'])} at threshold "
        f"{_short(tags['threshold'])}, Brier {_short(tags['test_brier'], 4)} where the base rate alone has "
        f"{_short(tags['test_base_brier'], 4)}.\n\n"
        f"{_link('Calibration and the other figures', f'{model}/artifacts')} · {_link('metrics and data sets', model)}"
    )


def describe_production(tracking: MlflowClient, settings: Settings, version: ModelVersion) -> None:
    """Says on the registered model and on its experiment which version serves, with links to it and to its figures.

    The version serves with or without these words: what MLflow refuses of them is logged and no error.
    """
    try:
        serving = _serving(tracking, version)
        model = tracking.get_registered_model(version.name)
        tracking.update_registered_model(version.name, _led_by(serving, model.description or _OF_MODEL))
        experiment = tracking.get_experiment_by_name(settings.experiment)
        if experiment is not None and version.name == settings.model_name:
            note = _led_by(serving, experiment.tags.get(NOTE) or _OF_EXPERIMENT)
            for key, value in {NOTE: note, **_KIND}.items():
                tracking.set_experiment_tag(experiment.experiment_id, key, value)
    except MlflowException as error:
        logger.warning("MLflow's pages do not name version %s of %s: %s", version.version, version.name, error)


def _serving(tracking: MlflowClient, version: ModelVersion) -> str:
    page = _link(f"version {version.version}", f"models/{version.name}/versions/{version.version}")
    source = version.source or ""
    if not source.startswith(_LOGGED_MODEL):
        return f"{_IN_PRODUCTION} {page}."
    model = tracking.get_logged_model(source.removeprefix("models:/"))
    figures = _link("its calibration", f"experiments/{model.experiment_id}/models/{model.model_id}/artifacts")
    return f"{_IN_PRODUCTION} {page}, {figures}."


def _led_by(serving: str, text: str) -> str:
    """The text with its line on production replaced; what a person wrote beside it stays."""
    rest = "\n".join(line for line in text.splitlines() if not line.startswith(_IN_PRODUCTION))
    return f"{serving}\n\n{rest.strip()}"


def _link(words: str, page: str) -> str:
    """A link within MLflow's own pages, in the mode that shows runs and models."""
    return f"[{words}](#/{page}{_MODEL_TRAINING})"


def runs_page(tracking: MlflowClient, settings: Settings) -> str:
    """The page of MLflow, below its address, that lists the platform's runs; its start page shows other things."""
    experiment = tracking.get_experiment_by_name(settings.experiment)
    where = f"/{experiment.experiment_id}/runs" if experiment else ""
    return f"#/experiments{where}{_MODEL_TRAINING}"


def experiment_tags() -> dict[str, str]:
    """What a new experiment is made with."""
    return {NOTE: _OF_EXPERIMENT, **_KIND}


def _kind_of(dataset: str) -> str:
    return "real encounters" if dataset == "real" else "synthetic encounters (made up, no patients)"


def _forest(batch: str) -> str:
    return "The vote of all forests" if batch == ALL_BATCHES else f"The forest of batch {batch}"


def _short(figure: str, digits: int = 3) -> str:
    return f"{float(figure):.{digits}f}"
