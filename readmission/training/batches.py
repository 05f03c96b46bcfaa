"""Trains one forest a batch. `begin` pins the prepared set, `train_batch` runs once a batch, in any process."""

import logging
import tempfile
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.entities import RunStatus
from mlflow.tracking import MlflowClient
from pydantic import BaseModel
from sklearn.pipeline import Pipeline
from sqlalchemy import insert

from connections import tables as fixed
from connections.model_registry import client
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from readmission.clean import prepared_sets
from readmission.clean.prepared_sets import PreparedSet, read_split
from readmission.clock import now
from readmission.errors import NothingPreparedError, PreparedSetChangedError, TrainingError
from readmission.model import serving_files
from readmission.model.evaluation import RECORDED, evaluate
from readmission.model.forest import CalibratedForest, inputs, make_pipeline, positive
from readmission.model.mlflow_models import log_model
from readmission.params import ForestParams
from readmission.registry import descriptions
from readmission.registry.batch_models import BATCH_TAG
from readmission.registry.descriptions import NOTE
from readmission.storage import leases
from readmission.storage.contract_tables import SPLITS, Split
from readmission.training.mlflow_runs import (
    FINGERPRINT_TAG,
    KIND_TAG,
    MEASURED,
    BatchResult,
    log_data,
    log_figures,
    log_params,
    log_result,
    open_run,
    provenance,
    training_fingerprint,
)

logger = logging.getLogger(__name__)

# Out-of-bag and validation ROC-AUC measure the same thing; further apart than this, one of them is wrong.
OUT_OF_BAG_TOLERANCE = 0.04


class TrainingPlan(BaseModel):
    """What the tasks of one training share; small enough to travel between them."""

    parent_run_id: str
    prepared_id: int
    batches: list[int]
    params: ForestParams


def begin(settings: Settings, params: ForestParams, title: str = "training") -> TrainingPlan:
    """Pins the present prepared set and opens the parent run.

    Raises:
        NothingPreparedError: there is no prepared set.
        InUseError: another training is using it.
    """
    engine = engine_for(settings, "CLEAN_DATA")
    tracking = client(settings)
    with database_lock(engine, leases.PREPARED_SET):
        leases.check_free(engine, leases.PREPARED_SET)
        prepared = prepared_sets.current(settings)
        note = {NOTE: descriptions.of_training(prepared.dataset, prepared.batches)}
        tags = {**provenance(settings, prepared, params), KIND_TAG: "training", **note}
        run = open_run(tracking, settings, title, tags)
        log_params(tracking, run.info.run_id, prepared, params)
        leases.acquire(engine, leases.PREPARED_SET, run.info.run_id)
    logger.info("training %s batches of prepared set %s", len(prepared.batches), prepared.prepared_id)
    return TrainingPlan(
        parent_run_id=run.info.run_id,
        prepared_id=prepared.prepared_id,
        batches=sorted(prepared.batches),
        params=params,
    )


def is_current(settings: Settings, params: ForestParams) -> bool:
    """Whether the last finished training used the present prepared set with these params and this code.

    Raises:
        NothingPreparedError: there is no prepared set.
    """
    tracking = client(settings)
    experiment = tracking.get_experiment_by_name(settings.experiment)
    if experiment is None:
        return False
    last = tracking.search_runs(
        [experiment.experiment_id],
        f"tags.{KIND_TAG} = 'training' and attributes.status = 'FINISHED'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    expected = training_fingerprint(prepared_sets.current(settings), params)
    return bool(last) and last[0].data.tags[FINGERPRINT_TAG] == expected


def train_batch(settings: Settings, plan: TrainingPlan, batch_id: int) -> BatchResult:
    """Trains, measures and logs the forest of one batch as a run under the training's parent run.

    Raises:
        PreparedSetChangedError: the pinned prepared set was replaced.
        TrainingError: the forest is not fit to be used.
    """
    engine = engine_for(settings, "CLEAN_DATA")
    leases.acquire(engine, leases.PREPARED_SET, plan.parent_run_id)
    prepared = pinned(settings, plan)
    tracking = client(settings)
    note = {NOTE: descriptions.of_batch(batch_id, prepared.batches[batch_id], prepared.dataset)}
    tags = {**provenance(settings, prepared, plan.params), BATCH_TAG: str(batch_id), KIND_TAG: "batch", **note}
    _end_lost_runs(tracking, plan, batch_id)
    run = open_run(tracking, settings, f"batch {batch_id}", tags, plan.parent_run_id)
    try:
        result = _train(settings, plan, prepared, batch_id, run.info.run_id)
    except BaseException as error:
        tracking.set_tag(run.info.run_id, "error", str(error)[:500])
        tracking.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.FAILED))
        raise
    tracking.set_terminated(run.info.run_id)
    return result


def _end_lost_runs(tracking: MlflowClient, plan: TrainingPlan, batch_id: int) -> None:
    """Marks as killed what an earlier attempt at this batch left running, as one whose worker died does."""
    experiment_id = tracking.get_run(plan.parent_run_id).info.experiment_id
    mine = f"tags.mlflow.parentRunId = '{plan.parent_run_id}' and tags.{BATCH_TAG} = '{batch_id}'"
    for run in tracking.search_runs([experiment_id], f"{mine} and attributes.status = 'RUNNING'"):
        logger.warning("batch %d: run %s was left running by an attempt that died", batch_id, run.info.run_id)
        tracking.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))


def pinned(settings: Settings, plan: TrainingPlan) -> PreparedSet:
    """The prepared set that the plan pinned.

    Raises:
        PreparedSetChangedError: it was replaced meanwhile.
    """
    try:
        prepared = prepared_sets.current(settings)
    except NothingPreparedError as error:
        raise _changed(plan) from error
    if prepared.prepared_id != plan.prepared_id:
        raise _changed(plan)
    return prepared


def _changed(plan: TrainingPlan) -> PreparedSetChangedError:
    return PreparedSetChangedError(
        f"prepared set {plan.prepared_id} was replaced while it was being trained on; run entrenar_modelo again"
    )


def _train(settings: Settings, plan: TrainingPlan, prepared: PreparedSet, batch_id: int, run_id: str) -> BatchResult:
    tracking = client(settings)
    log_params(tracking, run_id, prepared, plan.params)
    log_data(tracking, run_id, prepared, batch_id)
    data = {split: read_split(settings, split, batch_id if split == "train" else None) for split in SPLITS}
    pinned(settings, plan)  # the rows just read are still the pinned ones
    pipeline = make_pipeline(plan.params, settings.training_jobs)
    pipeline.fit(inputs(data["train"]), data["train"]["target"])
    result = _measure(pipeline, data, batch_id, run_id)
    _check_out_of_bag(pipeline["forest"], result)
    log_result(tracking, result, pipeline["forest"])
    log_figures(tracking, result, pipeline, data)
    _log_files(settings, pipeline, prepared, result, data["val"])
    _record(settings, result)
    logger.info("batch %s: val_f1 %.4f, test ROC-AUC %.4f", batch_id, result.val.f1, result.test.roc_auc)
    return result


def _measure(pipeline: Pipeline, data: dict[Split, pd.DataFrame], batch_id: int, run_id: str) -> BatchResult:
    threshold = pipeline["forest"].threshold_
    val, test = (
        evaluate(data[split]["target"].to_numpy(), positive(pipeline, data[split]), threshold) for split in MEASURED
    )
    return BatchResult(run_id, batch_id, len(data["train"]), threshold, val, test)


def _check_out_of_bag(forest: CalibratedForest, result: BatchResult) -> None:
    apart = abs(forest.out_of_bag_roc_auc_ - result.val.roc_auc)
    if apart > OUT_OF_BAG_TOLERANCE:
        raise TrainingError(
            f"batch {result.batch_id}: out-of-bag ROC-AUC {forest.out_of_bag_roc_auc_:.3f} and validation "
            f"{result.val.roc_auc:.3f} differ by {apart:.3f}, more than {OUT_OF_BAG_TOLERANCE}; the threshold and the "
            "calibration would not hold"
        )


def _log_files(
    settings: Settings, pipeline: Pipeline, prepared: PreparedSet, result: BatchResult, val: pd.DataFrame
) -> None:
    mlflow.set_tracking_uri(settings.tracking_uri)
    with tempfile.TemporaryDirectory() as folder:
        files = serving_files.write(pipeline, Path(folder), dataset=prepared.dataset, target=prepared.params.target)
        difference = serving_files.check_parity(pipeline, Path(folder), val)
        client(settings).log_metric(result.run_id, "serving_difference", difference)
        log_model(f"modelo_entrenado_batch{result.batch_id}", pipeline, files, result.run_id, inputs(val.head(5)))


def _record(settings: Settings, result: BatchResult) -> None:
    values = {
        f"{split}_{metric}": getattr(scores, metric)
        for split, scores in (("val", result.val), ("test", result.test))
        for metric in RECORDED
    }
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        connection.execute(
            insert(fixed.experiments).values(
                run_id=result.run_id,
                batch_id=result.batch_id,
                rows=result.rows,
                threshold=result.threshold,
                created_at=now(),
                **values,
            )
        )
