"""The vote of a training's forests: a candidate beside each of them."""

import logging

import pandas as pd
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from sklearn.pipeline import Pipeline

from connections.model_registry import client, make_default
from connections.settings import Settings
from readmission.clean.prepared_sets import PreparedSet, read_split
from readmission.errors import TrainingError
from readmission.model.learning_curve import curve_drawn, learning_curve
from readmission.model.vote import LEAST_FORESTS, vote_of
from readmission.registry import descriptions
from readmission.registry.batch_models import (
    ALL_BATCHES,
    BATCH_TAG,
    batch_runs,
    candidate_runs,
    described,
    logged_model_id,
)
from readmission.registry.descriptions import NOTE
from readmission.registry.signed_models import logged_model
from readmission.storage.contract_tables import Split
from readmission.training import batch_results
from readmission.training.batches import TrainingPlan, pinned
from readmission.training.candidate_runs import candidate_run
from readmission.training.mlflow_runs import FIGURES, KIND_TAG, log_data, log_params, provenance

logger = logging.getLogger(__name__)


def add_vote(settings: Settings, plan: TrainingPlan) -> None:
    """Makes the vote of a training's finished batches and logs it, unless there is one, or one batch alone.

    A vote that is not fit to be used is logged as failed, and the batches remain.
    """
    tracking = client(settings)
    runs = batch_runs(tracking, plan.parent_run_id)
    if len(runs) < LEAST_FORESTS or len(runs) < len(candidate_runs(tracking, plan.parent_run_id)):
        return
    prepared = pinned(settings, plan)
    note = descriptions.of_vote([run.data.tags[BATCH_TAG] for run in runs], prepared.dataset)
    tags = {**provenance(settings, prepared, plan.params), BATCH_TAG: ALL_BATCHES, KIND_TAG: "ensemble", NOTE: note}
    try:
        with candidate_run(settings, plan.parent_run_id, described(ALL_BATCHES), tags) as run_id:
            _vote(settings, plan, prepared, runs, run_id)
    except TrainingError as error:
        logger.warning("the batches remain without their vote: %s", error)


def _vote(settings: Settings, plan: TrainingPlan, prepared: PreparedSet, runs: list[Run], run_id: str) -> None:
    tracking = client(settings)
    log_params(tracking, run_id, prepared, plan.params)
    log_data(tracking, run_id, prepared, ALL_BATCHES)
    make_default(settings)
    pipelines = [_pipeline(settings, tracking, run) for run in runs]
    batches = [read_split(settings, "train", int(run.data.tags[BATCH_TAG])) for run in runs]
    val, test = (read_split(settings, split) for split in ("val", "test"))
    pinned(settings, plan)  # the rows just read are still the pinned ones
    logger.info("scoring each batch with the forests of the %d others", len(runs) - 1)
    pipeline = vote_of(pipelines, batches)
    data: dict[Split, pd.DataFrame] = {"train": pd.concat(batches, ignore_index=True), "val": val, "test": test}
    batch_results.keep(settings, prepared, pipeline, data, ALL_BATCHES, run_id)
    curve = learning_curve(pipelines, batches, pipeline, val)
    tracking.log_figure(run_id, curve_drawn(curve), f"{FIGURES}/learning_curve.png")


def _pipeline(settings: Settings, tracking: MlflowClient, run: Run) -> Pipeline:
    what = f"the model of {described(run.data.tags[BATCH_TAG])}"
    pipeline = logged_model(settings, tracking, logged_model_id(run), what).pipeline()
    pipeline["forest"].forest_.n_jobs = settings.training_jobs
    return pipeline
