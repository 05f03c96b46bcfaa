"""The records of promotions: written by the pipeline with its signature, and read back once that holds."""

import logging
from datetime import datetime, timedelta

from mlflow.entities.model_registry import ModelVersion

from connections.model_registry import RegisteredVersion, client, production_version, registered_versions
from connections.settings import Settings
from readmission.clock import now, zoned
from readmission.errors import UntrustedModelError
from readmission.inference import (
    RECORD_TAG,
    PromotionRecord,
    SignedRecord,
    check_latest,
    record_of,
    records_among,
)
from readmission.registry.keys import naming_untrusted, public_keys, signing_key
from readmission.registry.ledger import MOST_REASON, Live, entries, last_live

logger = logging.getLogger(__name__)


def records(settings: Settings, name: str) -> list[PromotionRecord]:
    """The records on a model's versions whose signatures hold, the latest first."""
    return records_among(registered_versions(settings, name), public_keys(settings))


def serving(settings: Settings, name: str) -> RegisteredVersion | None:
    """The version that the prediction service is right to answer with: the one in production, or where something else
    was given its alias past the pipeline, the one that is live by the ledger. None while there is none."""
    try:
        return verified_production(settings, name)
    except UntrustedModelError as error:
        logger.warning("%s", error)
    live = last_live(entries(settings, name))
    found = registered_versions(settings, name) if live else []
    return next((one for one in found if live and live.is_about(one)), None)


def record(
    settings: Settings,
    version: ModelVersion,
    manifest_sha256: str,
    reason: str,
    action: Live = "promoted",
    by_whom: str | None = None,
    after: datetime | None = None,
) -> PromotionRecord:
    """Writes on a version that it is promoted now: later than any promotion of its model that is known, and not before
    a moment (UTC, without a zone).

    Raises:
        SigningKeyError: there is no key to sign with.
    """
    key, known = signing_key(settings), records(settings, version.name)
    number = str(version.version)
    made = PromotionRecord(
        name=version.name,
        version=number,
        previous=next((one.version for one in known if one.version != number), None),
        time=_next_time(known, after or now()),
        reason=reason[:MOST_REASON],
        manifest_sha256=manifest_sha256,
        action=action,
        by_whom=by_whom,
    )
    text = made.model_dump_json()
    signed = SignedRecord(record=text, signature=key.sign("promotion", text.encode()))
    client(settings).set_model_version_tag(version.name, number, RECORD_TAG, signed.model_dump_json())
    return made


def _next_time(known: list[PromotionRecord], moment: datetime) -> datetime:
    latest = [record.time + timedelta(microseconds=1) for record in known[:1]]
    return max([zoned(moment), *latest])


def verified_production(settings: Settings, name: str | None = None) -> RegisteredVersion | None:
    """The version in production, put there by the pipeline; None while there is none.

    Raises:
        UntrustedModelError: what has the alias was given it past the pipeline.
    """
    version = production_version(settings, name)
    if version is None or settings.allow_external_promotion:
        return version
    with naming_untrusted(f"version {version.version} of {version.name}, which has the alias {settings.model_alias},"):
        found = record_of(version, public_keys(settings))
        check_latest(found, next(iter(records(settings, version.name)), None))
    return version
