"""Which version serves: promotes what is better on the same validation rows, or what a person decides, and says why.

The alias `production` is authoritative; the stage `Production` mirrors it for people and tools that look there.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from connections.model_registry import RegisteredVersion, client, make_default, production_version, registered
from connections.settings import Settings
from readmission.clean import prepared_sets
from readmission.errors import RemovedError, UntrustedModelError
from readmission.model.forest import positive
from readmission.model.uncertainty import f1_difference_margin, roc_auc_margin
from readmission.registry import records
from readmission.registry.ledger import Action, Entry, append, this_person
from readmission.registry.production import entry_about, find_version, note, put_in_production
from readmission.registry.settling import settled
from readmission.registry.signed_models import SignedModel, version_model
from readmission.registry.standing import key_of, standing

logger = logging.getLogger(__name__)

FIRST_ROC_AUC = 0.62
VAL_ROWS = "val_rows"


@dataclass(frozen=True)
class Verdict:
    """Whether a version was promoted, why, and what was measured for it."""

    promoted: bool
    reason: str
    numbers: dict[str, float] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{'promoted' if self.promoted else 'not promoted'}: {self.reason}"


def promote_if_better(settings: Settings, name: str, version: str, by_whom: str | None = None) -> Verdict:
    """Compares a version with the one in production and promotes it if it is better; the ledger and a tag tell why.

    One that was rolled back or withdrawn is left to a person.

    Raises:
        PromotionError: there is no such version.
        UntrustedModelError: nobody who is trusted signed its files as they are.
        LockTakenError: another promotion is running and does not end.
    """
    with settled(settings, name) as found:
        candidate = find_version(client(settings), name, version)
        model = version_model(settings, registered(candidate))
        verdict = _barred(found, candidate) or _judge(settings, candidate, model)
        _enter(settings, found, candidate, model, verdict, "promoted" if verdict.promoted else "refused", by_whom)
    return verdict


def promote(settings: Settings, name: str, version: str, reason: str, by_whom: str | None = None) -> Verdict:
    """Puts a version in production whatever it scores: a person's decision, which the ledger calls approved.

    Raises:
        PromotionError: there is no such version.
        UntrustedModelError: nobody who is trusted signed its files as they are.
        LockTakenError: another promotion is running and does not end.
    """
    with settled(settings, name) as found:
        candidate = find_version(client(settings), name, version)
        model = version_model(settings, registered(candidate))
        verdict = Verdict(True, reason)
        _enter(settings, found, candidate, model, verdict, "approved", by_whom)
    return verdict


def _enter(
    settings: Settings,
    found: list[Entry],
    candidate: ModelVersion,
    model: SignedModel,
    verdict: Verdict,
    action: Action,
    by_whom: str | None,
) -> None:
    if action == "approved" or not _stays(settings, candidate):
        present = production_version(settings, candidate.name)
        from_version = present.version if present else None
        who = by_whom or this_person()
        entry = entry_about(found, candidate, action, from_version, who, verdict.reason, verdict.numbers)
        if verdict.promoted:
            put_in_production(settings, candidate, model.manifest_sha256, entry)
        else:
            append(settings, entry)
    note(settings, candidate, str(verdict))
    logger.info("version %s of %s %s", candidate.version, candidate.name, verdict)


def _stays(settings: Settings, candidate: ModelVersion) -> bool:
    """Whether a version is in production already, by the pipeline: nothing happens to it."""
    try:
        present = records.verified_production(settings, candidate.name)
    except UntrustedModelError:
        return False
    return present is not None and present.version == str(candidate.version)


def _barred(found: list[Entry], candidate: ModelVersion) -> Verdict | None:
    """The refusal of a version that was taken out of service since it last served; a person may promote it."""
    entry = standing(found).barred.get(key_of(registered(candidate)))
    if entry is None:
        return None
    what = f"it was {entry.action.replace('_', ' ')} at {entry.happened_at:%Y-%m-%d %H:%M:%S} UTC"
    return Verdict(False, f"{what} ({entry.reason}); promote it by hand if you mean it")


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
    numbers = {"val_roc_auc": roc_auc, "val_brier": brier, "val_base_brier": base}
    return Verdict(fit, f"{why}: {measured}{_uncertain(roc_auc, base, candidate.tags.get(VAL_ROWS))}", numbers)


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
    numbers = {"val_f1": f1[0], "val_f1_in_production": f1[1], "margin": float(margin), "rows": float(len(val))}
    return Verdict(f1[0] > f1[1], compared, numbers)


def _flagged(model: SignedModel, rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows a version's own threshold flags."""
    pipeline = model.pipeline()
    flagged: NDArray[np.bool_] = positive(pipeline, rows) >= pipeline["forest"].threshold_
    return flagged
