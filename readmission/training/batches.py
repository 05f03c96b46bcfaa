"""Trains one forest a batch. `begin` pins the prepared set, `train_batch` runs once a batch, in any process."""

import logging
from collections.abc import Mapping

import pandas as pd
from pydantic import BaseModel
from sklearn.pipeline import Pipeline

from connections.model_registry import client
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from readmission.clean import prepared_sets
from readmission.clean.prepared_sets import PreparedSet, read_split
from readmission.errors import NothingPreparedError, PreparedSetChangedError
from readmission.model.forest import inputs, make_pipeline
from readmission.params import ForestParams
from readmission.registry import descriptions
from readmission.registry.batch_models import BATCH_TAG
from readmission.registry.descriptions import NOTE
from readmission.registry.keys import signing_key
from readmission.storage import leases
from readmission.storage.contract_tables import SPLITS, Split
from readmission.storage.leases import Owner
from readmission.training import batch_results
from readmission.training.candidate_runs import candidate_run
from readmission.training.mlflow_runs import (
    FINGERPRINT_TAG,
    FORCE_TAG,
    KIND_TAG,
    OWNER_TAG,
    BatchResult,
    log_data,
    log_measured,
    log_params,
    open_run,
    provenance,
    training_fingerprint,
)

logger = logging.getLogger(__name__)

LEAST_BATCH = 100


class TrainingPlan(BaseModel):
    """What the tasks of one training share; small enough to travel between them."""

    parent_run_id: str
    prepared_id: int
    batches: list[int]
    params: ForestParams
    owner: Owner
    force_promote: str | None = None


def begin(
    settings: Settings,
    params: ForestParams,
    title: str = "training",
    owner: Owner | None = None,
    force_promote: str | None = None,
) -> TrainingPlan:
    """Pins the present prepared set for `owner` (this program unless a DAG run is) and opens the parent run.

    `force_promote` is a person's reason to promote the winner whatever the comparison says.

    Raises:
        NothingPreparedError: there is no prepared set.
        InUseError: another training is using it.
        SigningKeyError: there is no key to sign its models with.
    """
    signing_key(settings)  # without one the training would be in vain
    engine = engine_for(settings, "CLEAN_DATA")
    tracking = client(settings)
    owner = owner or Owner.this_process()
    with database_lock(engine, leases.PREPARED_SET):
        leases.check_free(engine, leases.PREPARED_SET)
        prepared = prepared_sets.current(settings)
        note = {NOTE: descriptions.of_training(prepared.dataset, prepared.batches)}
        tags = {**provenance(settings, prepared, params), KIND_TAG: "training", OWNER_TAG: str(owner), **note}
        tags |= {FORCE_TAG: force_promote} if force_promote else {}
        run = open_run(tracking, settings, title, tags)
        leases.acquire(engine, leases.PREPARED_SET, run.info.run_id, owner)
        log_params(tracking, run.info.run_id, prepared, params)
        log_measured(tracking, run.info.run_id, prepared)
    plan = TrainingPlan(
        parent_run_id=run.info.run_id,
        prepared_id=prepared.prepared_id,
        batches=_worth_training(prepared.batches),
        params=params,
        owner=owner,
        force_promote=force_promote,
    )
    logger.info("training %s batches of prepared set %s", len(plan.batches), plan.prepared_id)
    return plan


def _worth_training(rows: dict[int, int]) -> list[int]:
    """The batches by number, without a last one that has just been begun: the next rows will fill it."""
    large = [batch_id for batch_id, count in sorted(rows.items()) if count >= LEAST_BATCH]
    if len(large) < len(rows):
        logger.info("left out batches of fewer than %s rows", LEAST_BATCH)
    return large or sorted(rows)


def is_current(settings: Settings, params: ForestParams) -> bool:
    """Whether the last finished training used the present prepared set with these params and this code.

    Raises:
        NothingPreparedError: there is no prepared set.
    """
    tracking = client(settings)
    experiment = tracking.get_experiment_by_name(settings.experiment)
    if experiment is None or experiment.lifecycle_stage == "deleted":
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
    with leases.kept(engine_for(settings, "CLEAN_DATA"), leases.PREPARED_SET, plan.parent_run_id, plan.owner):
        return _train_run(settings, plan, batch_id)


def _train_run(settings: Settings, plan: TrainingPlan, batch_id: int) -> BatchResult:
    prepared = pinned(settings, plan)
    note = descriptions.of_batch(batch_id, prepared.batches[batch_id], prepared.dataset)
    tags = {**provenance(settings, prepared, plan.params), BATCH_TAG: str(batch_id), KIND_TAG: "batch", NOTE: note}
    with candidate_run(settings, plan.parent_run_id, f"batch {batch_id}", tags) as run_id:
        return _train(settings, plan, prepared, batch_id, run_id)


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
    log_data(tracking, run_id, prepared, str(batch_id))
    data = {split: read_split(settings, split, batch_id if split == "train" else None) for split in SPLITS}
    pinned(settings, plan)  # the rows just read are still the pinned ones
    pipeline = fit(plan.params, settings.training_jobs, data, history=prepared.params.history)
    return batch_results.keep(settings, prepared, pipeline, data, str(batch_id), run_id)


def fit(params: ForestParams, jobs: int, data: Mapping[Split, pd.DataFrame], *, history: bool = False) -> Pipeline:
    """The pipeline that learned from a batch, which is `data["train"]`; the rows of other splits teach it nothing."""
    pipeline, train = make_pipeline(params, jobs, history=history), data["train"]
    return pipeline.fit(inputs(train, pipeline), train["target"])
