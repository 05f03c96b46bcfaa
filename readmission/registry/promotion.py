"""Which version serves: promotes what is better on the same validation rows, or what a person decides, and says why.

The alias `production` is authoritative; the stage `Production` mirrors it for people and tools that look there.
"""

import logging

from mlflow.entities.model_registry import ModelVersion

from connections.model_registry import client, production_version, registered
from connections.settings import Settings
from readmission.errors import UntrustedModelError
from readmission.registry import records
from readmission.registry.judging import Verdict, judge
from readmission.registry.ledger import Action, Entry, append, this_person
from readmission.registry.production import entry_about, find_version, note, put_in_production
from readmission.registry.settling import settled
from readmission.registry.signed_models import SignedModel, version_model
from readmission.registry.standing import key_of, standing

logger = logging.getLogger(__name__)

CHALLENGER = "challenger"


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
        verdict = _barred(found, candidate) or judge(settings, candidate, model)
        _enter(settings, found, candidate, model, verdict, "promoted" if verdict.promoted else "refused", by_whom)
    return verdict


def promote(
    settings: Settings, name: str, version: str, reason: str, by_whom: str | None = None, once: bool = False
) -> Verdict:
    """Puts a version in production whatever it scores: a person's decision, which the ledger calls approved.

    With `once` nothing happens to one that is there already, as for a task that is retried.

    Raises:
        PromotionError: there is no such version.
        UntrustedModelError: nobody who is trusted signed its files as they are.
        LockTakenError: another promotion is running and does not end.
    """
    with settled(settings, name) as found:
        candidate = find_version(client(settings), name, version)
        if once and _stays(settings, candidate):
            return Verdict(True, "already in production")
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
        _name_challenger(settings, candidate, verdict)
    note(settings, candidate, str(verdict))
    logger.info("version %s of %s %s", candidate.version, candidate.name, verdict)


def _name_challenger(settings: Settings, candidate: ModelVersion, verdict: Verdict) -> None:
    """Gives the alias `challenger` to a version that lost; it stays until another loses, since only an admin may take
    an alias away."""
    if verdict.challenges:
        client(settings).set_registered_model_alias(candidate.name, CHALLENGER, str(candidate.version))


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
