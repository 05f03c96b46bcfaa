"""The embedded platform makes a backup when one is due, and says what keeps it from that."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from connections import kept_backups
from connections.settings import Settings
from readmission.local import scheduled, serving
from readmission.storage.databases import initialise


@pytest.fixture
def wanting(tmp_path: Path, private_settings: Callable[[Path], Settings]) -> Settings:
    """A platform with data, whose backups are wanted each day."""
    update = {"backups": tmp_path / "backups", "backup_every_hours": 24, "backup_keep": 2}
    made = private_settings(tmp_path / "one").model_copy(update=update)
    initialise(made)
    return made


def test_one_is_made_when_it_is_due_and_the_oldest_go(wanting: Settings) -> None:
    wanting.backups.mkdir()
    for day in ("20250101", "20250102"):
        (wanting.backups / f"readmission-embedded-{day}T000000Z.tar").touch()
    assert scheduled.done(wanting) and scheduled.done(wanting)
    old, new = kept_backups.named(wanting.backups, "embedded")
    assert old.name == "readmission-embedded-20250102T000000Z.tar" and new.stat().st_size > 10_000


def test_what_fails_is_in_the_log_and_in_the_state(wanting: Settings, caplog: pytest.LogCaptureFixture) -> None:
    lost = wanting.model_copy(update={"backup_passphrase_file": wanting.state_dir / "phrase"})
    with caplog.at_level(logging.ERROR):
        assert not scheduled.done(lost)
    assert "the backup failed, and is tried again in ten minutes: " in caplog.text and "phrase" in caplog.text
    said = kept_backups.problem(lost.backups, "embedded", 24)
    assert said is not None and "UTC failed: " in said and "phrase" in said
    assert scheduled.done(wanting)
    assert kept_backups.problem(lost.backups, "embedded", 24) is None


def test_a_service_makes_them_only_where_they_are_wanted(wanting: Settings) -> None:
    (service,) = serving.backups(wanting)
    assert service.environment["BACKUPS"] == str(wanting.backups) and "FORM_PASSWORD" not in service.environment
    assert serving.backups(wanting.model_copy(update={"backup_every_hours": 0})) == ()
