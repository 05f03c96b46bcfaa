"""The audit pack of a version that was trained and promoted: whole, its sums right, and the ledger's entry in it."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from readmission.clean import prepared_sets
from readmission.errors import PromotionError
from readmission.registry.audit import pack
from tests.integration.pipeline import ROWS, Trained

pytestmark = pytest.mark.slow


def test_a_pack_tells_what_a_version_is_and_what_became_of_it(trained: Trained, tmp_path: Path) -> None:
    settings, outcome = trained.settings, trained.outcome
    written = pack(settings, outcome.name, outcome.version, tmp_path / "packs/audit.zip")
    with zipfile.ZipFile(tmp_path / "packs/audit.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert list(files) == written and {"card.md", "manifest.json", "manifest.sig"} < files.keys()
    told = {name: json.loads(content) for name, content in files.items() if name.endswith(".json")}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "audit.json"}
    assert (told["audit.json"]["files"], told["audit.json"]["missing"]) == (sums, [])
    signed = told["manifest.json"]["files"]["extra_files/card.json"]["sha256"]
    assert signed == sums["card.json"], "the card is the one that was signed"

    first = told["ledger.json"][0]
    assert (first["action"], first["to_version"], first["reason"]) == ("promoted", "1", outcome.verdict.reason)
    assert told["provenance.json"]["tags"]["dataset"] == "synthetic"
    assert told["data.json"]["load"][0]["rows"] == ROWS
    prepared = prepared_sets.current(settings)
    assert told["data.json"]["prepared_set"][0]["fingerprint"] == prepared.fingerprint
    assert told["retention.json"] == {"predictions_kept_days": settings.retention_days}


def test_there_is_no_pack_of_no_version(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(PromotionError, match="99"):
        pack(trained.settings, trained.outcome.name, "99", tmp_path / "audit.zip")
    assert list(tmp_path.iterdir()) == []
