"""Puts a version in production, and enters it in the ledger: the one place that moves alias and stage.

Record, alias, stage and entry are written in this order. Whoever dies between two of them leaves what the next command
settles (`readmission.registry.settling`).
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from connections.failures import words
from connections.model_registry import NOT_THERE, client, registered
from connections.settings import Settings
from readmission.clock import unzoned
from readmission.errors import PromotionError
from readmission.registry import records
from readmission.registry.descriptions import describe_production
from readmission.registry.ledger import Action, Entry, append, next_moment

PROMOTED_AT = "promoted_at"
REASON = "promotion"
# MySQL keeps no more than 65,535 bytes of a tag; the ledger keeps all.
_MOST_OF_A_TAG = 15_000


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


def entry_about(
    found: Sequence[Entry],
    version: ModelVersion,
    action: Action,
    present: str | None,
    by_whom: str,
    reason: str,
    numbers: Mapping[str, float] | None = None,
) -> Entry:
    """What becomes of a version now, after the entries that there are, while `present` is in production."""
    leads = (str(version.version), None) if action == "withdrawn" else (present, str(version.version))
    return Entry(
        happened_at=next_moment(found),
        model=version.name,
        action=action,
        from_version=leads[0],
        to_version=leads[1],
        by_whom=by_whom,
        reason=reason,
        version_created=registered(version).created,
        numbers=numbers or {},
    )


def put_in_production(settings: Settings, version: ModelVersion, manifest_sha256: str, entry: Entry) -> Entry:
    """Gives a version alias and stage, with the record that the service asks for; the entry as it is in the ledger.

    Raises:
        SigningKeyError: there is no key to sign the record with.
    """
    tracking, name, number = client(settings), version.name, str(version.version)
    how, since = entry.live or "promoted", entry.happened_at
    # Before the alias: who follows that finds the record with it.
    record = records.record(settings, version, manifest_sha256, entry.reason, how, entry.by_whom, since)
    tracking.set_model_version_tag(name, number, PROMOTED_AT, f"{record.time:%Y-%m-%dT%H:%M:%S.%f}Z")
    tracking.set_registered_model_alias(name, settings.model_alias, number)
    mirror(settings, version)
    done = replace(entry, happened_at=unzoned(record.time))
    append(settings, done)
    return done


def mirror(settings: Settings, version: ModelVersion) -> None:
    """Says for people, in MLflow's stages and on its pages, that a version is in production."""
    tracking = client(settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated; the alias is what counts
        tracking.transition_model_version_stage(
            version.name, str(version.version), "Production", archive_existing_versions=True
        )
    describe_production(tracking, settings, version)


def note(settings: Settings, version: ModelVersion, told: str) -> None:
    """Writes on a version what became of it, above what was written there before."""
    tracking, number = client(settings), str(version.version)
    earlier = tracking.get_model_version(version.name, number).tags.get(REASON, "")
    if earlier.split("\n", 1)[0] != told:
        text = f"{told}\n{earlier}".strip()[:_MOST_OF_A_TAG]
        tracking.set_model_version_tag(version.name, number, REASON, text)
