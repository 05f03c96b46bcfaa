"""Whether a version may replace the one in production: what can be compared is held against it on the same rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion

from connections.model_registry import RegisteredVersion, make_default
from connections.settings import Settings
from readmission.clean import prepared_sets
from readmission.errors import RemovedError, UntrustedModelError
from readmission.features import CONTRACT_VERSION, SERVED_CONTRACTS
from readmission.model.comparison import Answers, compare
from readmission.model.served_matrix import served_matrix
from readmission.model.uncertainty import roc_auc_margin
from readmission.registry import records
from readmission.registry.signed_models import SignedModel, version_model

FIRST_ROC_AUC = 0.62
VAL_ROWS = "val_rows"


@dataclass(frozen=True)
class Verdict:
    """Whether a version was promoted, why, and what was measured for it; one that lost the comparison `challenges`."""

    promoted: bool
    reason: str
    numbers: dict[str, float] = field(default_factory=dict, compare=False)
    challenges: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{'promoted' if self.promoted else 'not promoted'}: {self.reason}"


def judge(settings: Settings, candidate: ModelVersion, model: SignedModel) -> Verdict:
    """Whether a version shall replace the one in production."""
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
    prepared = _prepared_tags(settings)
    for other, tags, user in (
        (f"version {champion.version}", champion.tags, champion.tags),
        ("the prepared set", prepared, candidate.tags),
    ):
        if difference := _difference(candidate.tags, tags) or _untold(user, prepared):
            return Verdict(False, f"not comparable with {other}: {difference}; promote it by hand if you mean it")
    return _better(settings, candidate, model, champion)


def _prepared_tags(settings: Settings) -> dict[str, str]:
    """What the validation rows at hand would be tagged with, had a version been trained beside them."""
    prepared = prepared_sets.current(settings)
    return {
        "target": prepared.params.target,
        "split": prepared.params.split_key,
        "contract_version": prepared.contract_version,
        "history": prepared.params.history_tag,
        "dataset": prepared.dataset,
    }


def _difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str | None:
    """The first aspect that forbids to compare two versions on one validation set."""
    for aspect in ("target", "split", "contract_version", "dataset"):
        if ours.get(aspect) != theirs.get(aspect) and not (aspect == "contract_version" and _is_before(ours, theirs)):
            return f"{aspect} is {ours.get(aspect)}, there {theirs.get(aspect)}"
    return None


def _untold(version: Mapping[str, str], prepared: Mapping[str, str]) -> str | None:
    """Why rows say too little for a version: blanks would be a handicap that it does not have where it serves.

    A version without history is at none: it leaves unread what the rows tell of that.
    """
    untold = version.get("history") == "on" and prepared["history"] == "off"
    return "it uses history, and the prepared set was made without; prepare with history" if untold else None


def _is_before(ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """Whether the other version is of the contract before: it is still served, and can answer for the same rows."""
    contract = "contract_version"
    return ours.get(contract) == CONTRACT_VERSION and theirs.get(contract) in SERVED_CONTRACTS


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
    """Has both answer as they are served, on the validation rows at hand: an older version was measured on fewer."""
    make_default(settings)
    val = prepared_sets.read_split(settings, "val")
    try:
        theirs = _answers(version_model(settings, champion), val)
    except (RemovedError, UntrustedModelError) as error:
        return _first(candidate, f"there is nothing to compare it with, since {error}")
    compared = compare(val, _answers(model, val), theirs)
    reason = f"compared with version {champion.version}: {compared}"
    return Verdict(not compared.unmet, reason, dict(compared.numbers), challenges=bool(compared.unmet))


def _answers(model: SignedModel, rows: pd.DataFrame) -> Answers:
    scorer = model.scorer()
    return Answers(scorer.of_matrix(served_matrix(scorer, rows)), scorer.config.threshold)
