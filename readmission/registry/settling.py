"""One promotion at a time, and what one that broke off left behind is settled before the next begins.

A promotion writes the record, the alias and the ledger's entry, in this order. One with record and alias served: it is
entered. One with the record alone never did: it is entered as refused, and what is in production is recorded anew,
since the service follows nothing but the latest record.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from connections.model_registry import RegisteredVersion, client, production_version, registered_versions
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from readmission.clock import unzoned
from readmission.inference import PromotionRecord
from readmission.registry import records
from readmission.registry.ledger import Entry, append, entries, last_live, next_moment
from readmission.registry.production import find_version, mirror, put_in_production

logger = logging.getLogger(__name__)

LOCK = "promotion"
BEFORE = "record of before the ledger"
_ENTERED = "; entered by the command after it, since it broke off before it did so itself"
_BROKE_OFF = "its promotion broke off before it served"


@contextmanager
def settled(settings: Settings, name: str) -> Iterator[list[Entry]]:
    """Holds the lock of promotions for the block, and gives a model's entries once all that happened is among them.

    Raises:
        LockTakenError: another promotion is running and does not end.
    """
    with database_lock(engine_for(settings, "CLEAN_DATA"), LOCK):
        _settle(settings, name)
        yield entries(settings, name)


def _settle(settings: Settings, name: str) -> None:
    known = records.records(settings, name)
    if not known:
        return
    if last_live(entries(settings, name)) is None:
        _enter_former(settings, name, known)
    latest, found = known[0], entries(settings, name)
    present = production_version(settings, name)
    entry = _of(latest, found)
    if entry is None:
        entry = _left_behind(latest, found, present)
        append(settings, entry)
        logger.warning("version %s of %s: %s", latest.version, name, entry.reason)
        if entry.live:
            mirror(settings, find_version(client(settings), name, latest.version))
    if not entry.live and present is not None:
        _confirm(settings, entry, present, known)


def _of(record: PromotionRecord, found: list[Entry]) -> Entry | None:
    return next((one for one in found if one.happened_at == unzoned(record.time)), None)


def _enter_former(settings: Settings, name: str, known: list[PromotionRecord]) -> None:
    """Enters what was promoted before there was a ledger, or before this one was begun anew."""
    found, created = entries(settings, name), _created(settings, name)
    # Of the last one it is not known yet whether it served, unless its release never entered any.
    certain = [one for one in known if one.by_whom is None or one is not known[0]]
    former = [_former(one, created) for one in reversed(certain) if _of(one, found) is None]
    if former:
        append(settings, *former)
        logger.warning("entered %s promotions of %s from their signed records in the ledger", len(former), name)


def _created(settings: Settings, name: str) -> dict[str, int]:
    return {one.version: one.created for one in registered_versions(settings, name)}


def _former(record: PromotionRecord, created: dict[str, int]) -> Entry:
    return Entry(
        happened_at=unzoned(record.time),
        model=record.name,
        action=record.action,
        from_version=record.previous,
        to_version=record.version,
        by_whom=record.by_whom or BEFORE,
        reason=record.reason,
        version_created=created.get(record.version),
    )


def _left_behind(record: PromotionRecord, found: list[Entry], present: RegisteredVersion | None) -> Entry:
    """What the last record comes to, of which the ledger knows nothing."""
    before = last_live(found)
    told = _former(record, {})
    if present is not None and present.version == record.version:
        from_version = before.to_version if before else None
        return replace(told, from_version=from_version, version_created=present.created, reason=told.reason + _ENTERED)
    return replace(
        told,
        action="refused",
        from_version=present.version if present else None,
        reason=f"{_BROKE_OFF} ({record.reason})",
    )


def _confirm(settings: Settings, refused: Entry, present: RegisteredVersion, known: list[PromotionRecord]) -> None:
    """Records what is in production anew, if it is what the ledger knows as live: its record is not the last any more,
    so that the service would take it for put back past the pipeline."""
    found = entries(settings, present.name)
    live, own = last_live(found), next((one for one in known if one.version == present.version), None)
    if live is None or own is None or not live.is_about(present):
        return
    stays = Entry(
        happened_at=next_moment(found),
        model=present.name,
        action="promoted",
        from_version=present.version,
        to_version=present.version,
        by_whom=refused.by_whom,
        reason=f"stays in production, since the promotion of version {refused.to_version} broke off before that served",
        version_created=present.created,
    )
    put_in_production(
        settings, find_version(client(settings), present.name, present.version), own.manifest_sha256, stays
    )
