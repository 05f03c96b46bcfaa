"""Which version serves: promotes what is better on the same validation rows, says why, and goes back on command.

The alias `production` is authoritative; the stage `Production` mirrors it for people and tools that look there.
"""

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from connections.failures import words
from connections.model_registry import (
    NOT_THERE,
    RegisteredVersion,
    client,
    make_default,
    production_version,
    registered,
)
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from readmission.clean import prepared_sets
from readmission.errors import PromotionError, RemovedError, UntrustedModelError
from readmission.model.forest import positive
from readmission.model.uncertainty import f1_difference_margin, roc_auc_margin
from readmission.registry import records
from readmission.registry.descriptions import describe_production
from readmission.registry.signed_models import SignedModel, version_model

logger = logging.getLogger(__name__)

LOCK = "promotion"
FIRST_ROC_AUC = 0.62
PROMOTED_AT = "promoted_at"
REASON = "promotion"
VAL_ROWS = "val_rows"


@dataclass(frozen=True)
class Verdict:
    """Whether a version was promoted, and why."""

    promoted: bool
    reason: str

    def __str__(self) -> str:
        return f"{'promoted' if self.promoted else 'not promoted'}: {self.reason}"


def promote_if_better(settings: Settings, name: str, version: str) -> Verdict:
    """Compares a version with the one in production and promotes it if it is better; the reason is written on it.

    Raises:
        PromotionError: there is no such version.
        UntrustedModelError: nobody who is trusted signed its files as they are.
        LockTakenError: another promotion is running and does not end.
    """
    with database_lock(engine_for(settings, "CLEAN_DATA"), LOCK):
        tracking = client(settings)
        candidate = find_version(tracking, name, version)
        model = version_model(settings, registered(candidate))
        verdict = _judge(settings, candidate, model)
        if verdict.promoted:
            _point_production_at(settings, tracking, candidate, model, verdict.reason)
        tracking.set_model_version_tag(name, version, REASON, str(verdict))
    logger.info("version %s of %s %s", version, name, verdict)
    return verdict


def promote(settings: Settings, name: str, version: str, reason: str) -> Verdict:
    """Puts a version in production whatever it scores: a person's decision, which is written on it.

    Raises:
        PromotionError: there is no such version.
        UntrustedModelError: nobody who is trusted signed its files as they are.
    """
    with database_lock(engine_for(settings, "CLEAN_DATA"), LOCK):
        tracking = client(settings)
        candidate = find_version(tracking, name, version)
        model = version_model(settings, registered(candidate))
        _point_production_at(settings, tracking, candidate, model, reason)
        verdict = Verdict(True, reason)
        tracking.set_model_version_tag(name, version, REASON, str(verdict))
    logger.info("version %s of %s %s", version, name, verdict)
    return verdict


def previous_production(settings: Settings, name: str) -> str:
    """The version that the pipeline had in production before the present one; where something else has its alias, the
    last that it promoted. What no signed record tells of is not gone back to.

    Raises:
        PromotionError: no other version was ever promoted.
    """
    present = production_version(settings, name)
    promoted = [one.version for one in records.records(settings, name)]
    earlier = [version for version in promoted if present is not None and version != present.version]
    if not earlier:
        raise PromotionError(f"{name} has no earlier production version to go back to")
    return earlier[0]


def find_version(tracking: MlflowClient, name: str, version: str) -> ModelVersion:
    """A version by its number.

    Raises:
        PromotionError: there is none.
    """
    try:
        return tracking.get_model_version(name, version)
    except MlflowException as error:
        if error.error_code not in NOT_THERE:
            raise
        raise PromotionError(f"{name} has no version {version}: {words(error)}") from error


def _judge(settings: Settings, candidate: ModelVersion, model: SignedModel) -> Verdict:
    champion = records.serving(settings, candidate.name)
    if champion is None:
        return _first(candidate, "the first version")
    if champion.version == str(candidate.version):
        return Verdict(True, "already in production")
    datasets = candidate.tags.get("dataset"), champion.tags.get("dataset")
    if datasets == ("synthetic", "real"):
        return Verdict(False, f"synthetic data never replaces version {champion.version}, trained on real data")
    if datasets == ("real", "synthetic"):
        return _first(candidate, f"real data replaces version {champion.version}, trained on synthetic data")
    for other, tags in ((f"version {champion.version}", champion.tags), ("the prepared set", _prepared_tags(settings))):
        if difference := _difference(candidate.tags, tags):
            return Verdict(False, f"not comparable with {other}: {difference}; promote it by hand if you mean it")
    return _better(settings, candidate, model, champion)


def _prepared_tags(settings: Settings) -> dict[str, str]:
    """What the validation rows at hand would be tagged with, had a version been trained beside them."""
    prepared = prepared_sets.current(settings)
    return {
        "target": prepared.params.target,
        "split": prepared.params.split_key,
        "contract_version": prepared.contract_version,
        "dataset": prepared.dataset,
    }


def _difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str | None:
    """The first aspect that forbids to compare two versions on one validation set."""
    for aspect in ("target", "split", "contract_version", "dataset"):
        if ours.get(aspect) != theirs.get(aspect):
            return f"{aspect} is {ours.get(aspect)}, there {theirs.get(aspect)}"
    return None


def _first(candidate: ModelVersion, why: str) -> Verdict:
    tags = [candidate.tags.get(f"val_{name}") for name in ("roc_auc", "brier", "base_brier")]
    if None in tags:
        return Verdict(False, f"{why}, but it has no validation figures; promote it by hand if you mean it")
    roc_auc, brier, base = map(float, filter(None, tags))
    fit = roc_auc >= FIRST_ROC_AUC and brier < base
    measured = f"validation ROC-AUC {roc_auc:.3f} (at least {FIRST_ROC_AUC}), Brier {brier:.4f} (base rate {base:.4f})"
    return Verdict(fit, f"{why}: {measured}{_uncertain(roc_auc, base, candidate.tags.get(VAL_ROWS))}")


def _uncertain(roc_auc: float, base_brier: float, rows: str | None) -> str:
    """What chance leaves of a ROC-AUC, from the number of rows and the base rate that their Brier score tells."""
    if rows is None:
        return ""
    positives = max(round(int(rows) * (1 - np.sqrt(max(1 - 4 * base_brier, 0.0))) / 2), 1)
    margin = roc_auc_margin(roc_auc, positives, int(rows) - positives)
    return f"; on {int(rows):,} rows that ROC-AUC is uncertain by {margin:.3f} (95 %)"


def _better(settings: Settings, candidate: ModelVersion, model: SignedModel, champion: RegisteredVersion) -> Verdict:
    """Scores both on the validation rows at hand: an older version was measured on fewer of them."""
    make_default(settings)
    val = prepared_sets.read_split(settings, "val")
    ours = _flagged(model, val)
    try:
        theirs = _flagged(version_model(settings, champion), val)
    except (RemovedError, UntrustedModelError) as error:
        return _first(candidate, f"there is nothing to compare it with, since {error}")
    truth = val["target"].to_numpy(dtype=bool)
    margin = f1_difference_margin(truth, ours, theirs)
    f1 = [float(f1_score(truth, flagged)) for flagged in (ours, theirs)]
    compared = (
        f"val_f1 {f1[0]:.4f} against {f1[1]:.4f} of version {champion.version} on the same {len(val):,} rows "
        f"(their difference is uncertain by {margin:.4f}, 95 %)"
    )
    return Verdict(f1[0] > f1[1], compared)


def _flagged(model: SignedModel, rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows a version's own threshold flags."""
    pipeline = model.pipeline()
    flagged: NDArray[np.bool_] = positive(pipeline, rows) >= pipeline["forest"].threshold_
    return flagged


def _point_production_at(
    settings: Settings, tracking: MlflowClient, version: ModelVersion, model: SignedModel, reason: str
) -> None:
    name, number = version.name, str(version.version)
    # Before the alias: who follows that finds the record with it.
    record = records.record(settings, version, model.manifest_sha256, reason)
    tracking.set_model_version_tag(name, number, PROMOTED_AT, f"{record.time:%Y-%m-%dT%H:%M:%S.%f}Z")
    tracking.set_registered_model_alias(name, settings.model_alias, number)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated; the alias is what counts
        tracking.transition_model_version_stage(name, number, "Production", archive_existing_versions=True)
    describe_production(tracking, settings, version)
