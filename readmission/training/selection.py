"""Ends a training: the best candidate by `val_f1` becomes a version of the registered model, and may be promoted."""

import logging
from dataclasses import dataclass

from mlflow.entities import Run, RunStatus
from mlflow.tracking import MlflowClient

from connections.model_registry import client, make_default
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.clean.prepared_sets import PreparedSet
from readmission.errors import RemovedError, TrainingError
from readmission.registry import descriptions, promotion
from readmission.registry.batch_models import BATCH_TAG, candidate_runs, described, logged_model_id
from readmission.registry.judging import VAL_ROWS, Verdict
from readmission.registry.removed import naming_removed
from readmission.registry.signed_models import SignedModel, logged_model
from readmission.storage import leases
from readmission.training import ensemble, recovery
from readmission.training.batches import TrainingPlan, pinned
from readmission.training.final_model import log_final_model
from readmission.training.mlflow_runs import VAL_F1_ERROR, provenance

logger = logging.getLogger(__name__)

SELECTING_METRIC = "val_f1"
_VERSION_METRICS = (
    "threshold", "val_f1", "val_roc_auc", "val_brier", "val_base_brier",
    "test_f1", "test_roc_auc", "test_brier", "test_base_brier",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What a training came to: its best candidate (a batch by number, or all), the version it became and whether that
    was promoted."""

    batch: str
    val_f1: float
    name: str
    version: str
    verdict: Verdict


def registered_name(settings: Settings, target: str) -> str:
    """The registered model of a target: the main one for lt30, one of its own for any other."""
    return settings.model_name if target == "lt30" else f"{settings.model_name}_{target}"


def select(settings: Settings, plan: TrainingPlan) -> Outcome:
    """Has the batches vote, registers the best candidate, promotes it if it is better or is to be promoted
    anyhow, and closes the training.

    Raises:
        TrainingError: no batch gave a model; production stays.
        PreparedSetChangedError: the pinned prepared set was replaced.
    """
    tracking, engine = client(settings), engine_for(settings, "CLEAN_DATA")
    try:
        with (
            leases.kept(engine, leases.PREPARED_SET, plan.parent_run_id, plan.owner),
            naming_removed(tracking, plan.parent_run_id),
        ):
            outcome = _select(settings, plan, tracking)
            tracking.set_terminated(plan.parent_run_id)
    except BaseException:
        recovery.give_up(settings, plan.parent_run_id, RunStatus.to_string(RunStatus.FAILED))
        raise
    recovery.give_up(settings, plan.parent_run_id)  # of it, batches that were broken off while the others went on
    logger.info("%s is version %s of %s: %s", described(outcome.batch), outcome.version, outcome.name, outcome.verdict)
    return outcome


def abandon(settings: Settings, plan: TrainingPlan) -> None:
    """Closes a training that a person broke off, so that the next need not wait."""
    recovery.give_up(settings, plan.parent_run_id)


def _select(settings: Settings, plan: TrainingPlan, tracking: MlflowClient) -> Outcome:
    prepared = pinned(settings, plan)
    ensemble.add_vote(settings, plan)
    best = best_run(tracking, plan)
    make_default(settings)
    model_id = log_final_model(
        settings, tracking, plan.parent_run_id, prepared, best, _kept_model(settings, tracking, best)
    )
    batch = best.data.tags[BATCH_TAG]
    tracking.set_tag(plan.parent_run_id, "best_batch_id", batch)
    name = registered_name(settings, prepared.params.target)
    version = _register(tracking, name, model_id, plan, _version_tags(settings, plan, prepared, best))
    return Outcome(batch, best.data.metrics[SELECTING_METRIC], name, version, _promote(settings, plan, name, version))


def _promote(settings: Settings, plan: TrainingPlan, name: str, version: str) -> Verdict:
    """Promotes the version if it is better, or because a person said so when the training was begun."""
    by_whom = str(plan.owner) if plan.owner.dag_id else None
    if plan.force_promote:
        reason = f"force_promote: {plan.force_promote}"
        return promotion.promote(settings, name, version, reason, by_whom, once=True)
    return promotion.promote_if_better(settings, name, version, by_whom)


def best_run(tracking: MlflowClient, plan: TrainingPlan) -> Run:
    """The best finished run of a candidate.

    Those whose `val_f1` is within one standard error of the highest are tied: of these the ROC-AUC on validation rows
    decides, which chance moves less.

    Raises:
        TrainingError: no batch run finished.
    """
    runs = candidate_runs(tracking, plan.parent_run_id)
    if not runs:
        raise TrainingError(
            f"none of the {len(plan.batches)} batches gave a model; production stays as it is. "
            "Each batch's run in MLflow has the reason in its tag 'error'"
        )
    best = max(run.data.metrics[SELECTING_METRIC] for run in runs)
    error = next(run.data.metrics[VAL_F1_ERROR] for run in runs if run.data.metrics[SELECTING_METRIC] == best)
    tied = [run for run in runs if run.data.metrics[SELECTING_METRIC] >= best - error]
    chosen = max(tied, key=lambda run: run.data.metrics["val_roc_auc"])
    logger.info(
        "%s: tied within %.4f of the best %s are %s",
        described(chosen.data.tags[BATCH_TAG]),
        error,
        SELECTING_METRIC,
        ", ".join(described(run.data.tags[BATCH_TAG]) for run in tied),
    )
    return chosen


def _kept_model(settings: Settings, tracking: MlflowClient, best: Run) -> SignedModel:
    what = f"the model of {described(best.data.tags[BATCH_TAG])}"
    try:
        return logged_model(settings, tracking, logged_model_id(best), what)
    except RemovedError as error:
        raise RemovedError(f"{error}; run entrenar_modelo again") from error


def _version_tags(settings: Settings, plan: TrainingPlan, prepared: PreparedSet, best: Run) -> dict[str, str]:
    metrics = {name: repr(best.data.metrics[name]) for name in _VERSION_METRICS}
    rows = {VAL_ROWS: str(prepared.rows["val"]), BATCH_TAG: best.data.tags[BATCH_TAG]}
    return {**provenance(settings, prepared, plan.params), **metrics, **rows}


def _register(tracking: MlflowClient, name: str, model_id: str, plan: TrainingPlan, tags: dict[str, str]) -> str:
    """Makes the training's version, or gives the one that an earlier attempt at selecting made of the same batch."""
    if not tracking.search_registered_models(f"name = '{name}'"):
        tracking.create_registered_model(name)
    for version in tracking.search_model_versions(f"name = '{name}' and run_id = '{plan.parent_run_id}'"):
        if version.tags.get(BATCH_TAG) == tags[BATCH_TAG]:
            return str(version.version)
    experiment_id = tracking.get_run(plan.parent_run_id).info.experiment_id
    created = tracking.create_model_version(
        name,
        source=f"models:/{model_id}",
        run_id=plan.parent_run_id,
        tags=tags,
        model_id=model_id,
        description=descriptions.of_version(tags, experiment_id, model_id, plan.parent_run_id),
    )
    return str(created.version)
