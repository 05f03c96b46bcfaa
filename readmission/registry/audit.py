"""The audit pack of a version: one zip with what it is, where it came from and what became of it, and no patient."""

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from connections import tables as fixed
from connections.model_registry import RegisteredVersion, client, registered
from connections.mysql_connections import DatabaseName, engine_for
from connections.settings import Settings
from readmission.atomic_files import replacing
from readmission.clock import now
from readmission.inference import CARD_FILES, MANIFEST_FILE, SIGNATURE_FILE, served_of
from readmission.registry.ledger import entries
from readmission.registry.production import find_version
from readmission.registry.signed_models import version_model

MANIFEST = "audit.json"
_LOAD = ("load_id", "source", "sha256", "dataset", "rows", "started_at", "finished_at", "outcome", "counts")
_PREPARED = (
    "prepared_id",
    "created_at",
    "load_id",
    "dataset",
    "target",
    "params",
    "rows",
    "contract_version",
    "fingerprint",
)


def pack(settings: Settings, name: str, version: str, output: Path) -> list[str]:
    """Writes the pack, whole or not at all, and gives the names of its files; `audit.json` has the sha256 of each.

    A version of before has no card: its manifest says so under `missing`.

    Raises:
        PromotionError: there is no such version.
        RemovedError: its files were removed.
        UntrustedModelError: they are not as they were signed.
    """
    found = registered(find_version(client(settings), name, version))
    files = {**_signed(settings, found), **_records(settings, found)}
    files[MANIFEST] = _json(_manifest(found, files))
    with replacing(output) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return list(files)


def _signed(settings: Settings, version: RegisteredVersion) -> dict[str, bytes]:
    """The card, and the signed manifest that proves it."""
    served = served_of(version_model(settings, version).files)
    return {name: served[name] for name in (*CARD_FILES.values(), MANIFEST_FILE, SIGNATURE_FILE) if name in served}


def _records(settings: Settings, version: RegisteredVersion) -> dict[str, bytes]:
    of_data = {
        "load": _rows(settings, "RAW_DATA", fixed.loads, _LOAD, "load_id", version.tags.get("load_id")),
        "prepared_set": _rows(
            settings, "CLEAN_DATA", fixed.prepared_sets, _PREPARED, "prepared_id", version.tags.get("prepared_id")
        ),
    }
    return {
        "ledger.json": _json([asdict(entry) for entry in entries(settings, version.name)]),
        "provenance.json": _json({"run_id": version.run_id, "created": version.created, "tags": version.tags}),
        "data.json": _json(of_data),
        "retention.json": _json({"predictions_kept_days": settings.retention_days}),
    }


def _rows(
    settings: Settings, database: DatabaseName, table: Table, columns: Sequence[str], key: str, value: str | None
) -> list[dict[str, Any]]:
    """The record of that key; none where it is not known or was removed."""
    if value is None or not value.isdigit():  # a tag that somebody wrote by hand
        return []
    query = select(*(table.c[column] for column in columns)).where(table.c[key] == int(value))
    with engine_for(settings, database).connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _manifest(version: RegisteredVersion, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "model": version.name,
        "version": version.version,
        "packed_at": now(),
        "files": {path: hashlib.sha256(content).hexdigest() for path, content in files.items()},
        "missing": [name for name in CARD_FILES.values() if name not in files],
    }


def _json(found: object) -> bytes:
    return json.dumps(found, indent=2, default=str, ensure_ascii=False).encode()
