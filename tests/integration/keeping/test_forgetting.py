"""Predictions that are forgotten, or too old, are gone for good, and the record of it names nobody."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select, text

from connections.forgotten import Entry
from connections.mysql_connections import engine_for, is_sqlite
from connections.settings import Settings
from connections.tables import forgotten, predictions
from readmission.clock import now
from readmission.errors import InvalidFileError
from readmission.keeping import forgetting, forgotten_file
from readmission.keeping.forgetting import NoForgetKeyError, expire, forget, replay
from readmission.storage.databases import initialise

SECRET = "GEHEIM-4711"


@pytest.fixture
def settings(database_settings: Settings) -> Settings:
    initialise(database_settings)
    return database_settings


def add(settings: Settings, *ids: str, ref: str | None = None, days: float = 0, at: datetime | None = None) -> None:
    row = {"inputs": {"note": f"of {ref}"}, "prediction": 1, "probability": 0.5, "threshold": 0.1, "model_name": "m"}
    row |= {"model_version": "1", "dataset": "real", "encounter_ref": ref, "created_at": at or now() - timedelta(days)}
    with engine_for(settings, "RAW_DATA").begin() as connection:
        connection.execute(insert(predictions), [{"prediction_id": each, **row} for each in ids])


def there(settings: Settings) -> set[str]:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return set(connection.execute(select(predictions.c.prediction_id)).scalars())


def record(settings: Settings) -> list[dict[str, Any]]:
    with engine_for(settings, "RAW_DATA").connect() as connection:
        return [
            dict(row) for row in connection.execute(select(forgotten).order_by(forgotten.c.forgotten_id)).mappings()
        ]


def test_an_encounter_is_forgotten_whole_and_the_record_does_not_name_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "CHUNK_ROWS", 2)
    add(settings, "a", "b", "c", "d", "e", ref=SECRET)
    add(settings, "other", ref="another")
    add(settings, "none")
    assert forget(settings, "encounter_ref", SECRET) == 5
    assert there(settings) == {"other", "none"}
    (entry,) = record(settings)
    assert (entry["kind"], entry["rows"], len(entry["digest"])) == ("encounter_ref", 5, 64)
    assert SECRET not in str(entry)
    assert forget(settings, "encounter_ref", SECRET) == 0, "asked again it is recorded again, and nothing is there"
    assert len(record(settings)) == 2


def test_one_prediction_is_forgotten_and_the_others_of_its_encounter_stay(settings: Settings) -> None:
    add(settings, "a", "b", ref=SECRET)
    assert forget(settings, "prediction", "a") == 1
    assert there(settings) == {"b"}


def test_what_is_too_old_goes_and_what_is_not_stays(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "CHUNK_ROWS", 2)
    add(settings, "a", "b", "c", days=400.01)
    add(settings, "d", days=399.99)
    assert expire(settings) == 3
    assert there(settings) == {"d"}
    assert expire(settings) == 0
    (entry,) = record(settings)
    assert (entry["kind"], entry["rows"], entry["digest"]) == ("retention", 3, None)
    assert expire(settings.model_copy(update={"retention_days": 183})) == 1


def test_what_was_under_way_when_it_was_forgotten_goes_with_the_next_day(settings: Settings) -> None:
    before = now()
    forget(settings, "encounter_ref", SECRET)
    add(settings, "late", ref=SECRET, at=before)
    add(settings, "later", ref=SECRET, at=now() + timedelta(seconds=1))
    assert expire(settings) == 1
    assert there(settings) == {"later"}, "a new prediction of the same reference is another one"


def test_a_restored_backup_forgets_what_was_forgotten_since(settings: Settings, tmp_path: Path) -> None:
    backup: list[Callable[[], None]] = [
        lambda: add(settings, "a", "b", ref=SECRET, days=10),
        lambda: add(settings, "c", days=10),
        lambda: add(settings, "d", days=500),
        lambda: add(settings, "e", ref="another", days=10),
    ]
    for rows in backup:
        rows()
    forget(settings, "encounter_ref", SECRET)
    forget(settings, "prediction", "c")
    expire(settings)
    assert forgotten_file.save(settings, tmp_path / "forgotten.json") == 3
    assert SECRET not in (tmp_path / "forgotten.json").read_text()
    with engine_for(settings, "RAW_DATA").begin() as connection:  # the backup has neither the record nor the deletions
        connection.execute(text("DELETE FROM forgotten"))
        connection.execute(text("DELETE FROM predictions"))
    for rows in backup:
        rows()
    entries = forgotten_file.read(tmp_path / "forgotten.json")
    assert replay(settings, entries) == 4
    assert there(settings) == {"e"}
    assert forgetting.entries_of(engine_for(settings, "RAW_DATA")) == entries
    assert replay(settings, entries) == 0 and len(record(settings)) == 3, "once more changes nothing"


def test_another_key_recognises_nothing(settings: Settings) -> None:
    add(settings, "a", ref=SECRET)
    entry = Entry("encounter_ref", "0" * 64, now())
    assert replay(settings, [entry]) == 0
    assert there(settings) == {"a"}


def test_without_a_key_nothing_is_deleted(settings: Settings) -> None:
    add(settings, "a", ref=SECRET)
    with pytest.raises(NoForgetKeyError, match="FORGET_KEY is not set; run `make env`"):
        forget(settings.model_copy(update={"forget_key": SecretStr("")}), "encounter_ref", SECRET)
    assert there(settings) == {"a"} and record(settings) == []


def test_another_file_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('[["retention", null')
    with pytest.raises(InvalidFileError, match="is not what `readmission forget --save` writes"):
        forgotten_file.read(tmp_path / "other.json")


def test_sqlite_keeps_no_copy_of_what_was_deleted(settings: Settings) -> None:
    engine = engine_for(settings, "RAW_DATA")
    if not is_sqlite(engine):
        pytest.skip("MySQL's files are its own")
    add(settings, *(f"p{number}" for number in range(200)), ref=SECRET)
    add(settings, "other")
    folder = settings.state_dir / "databases"

    def held() -> bool:
        return any(SECRET.encode() in path.read_bytes() for path in folder.glob("RAW_DATA.db*"))

    assert held()
    forget(settings, "encounter_ref", SECRET)
    assert not held()
    assert there(settings) == {"other"}
