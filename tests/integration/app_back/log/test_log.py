"""What the log keeps of a row, and how it says that it is kept."""

import json

import pytest
from sqlalchemy import select, text

from app_back.errors import LogUnavailableError
from app_back.log import held_connection
from app_back.log.row import COLUMNS
from connections.mysql_connections import engine_for, is_sqlite
from connections.settings import Settings
from connections.tables import predictions
from readmission.prediction import LoggedPrediction
from tests.conftest import Poll
from tests.integration.app_back.log import faults
from tests.integration.app_back.log.rows import REFERENCE, ids, in_table, rows, started


@pytest.mark.parametrize("count", [1, 256, 10_000])
def test_rows_are_in_the_table_as_they_were_given_once_they_are_written(logging_settings: Settings, count: int) -> None:
    given = rows(count)
    with started(logging_settings) as log:
        assert log.writer().write(given, wait_seconds=60) == "database"
        assert log.state().rows == 0
        with engine_for(logging_settings, "RAW_DATA").connect() as connection:
            kept = {row.prediction_id: row for row in connection.execute(select(predictions))}
    assert len(kept) == count
    for row in given:
        expected = row._asdict() | {"inputs": json.loads(row.inputs)}
        assert dict(kept[row.prediction_id]._mapping) == expected


def test_the_list_is_newest_first_and_whole(logging_settings: Settings) -> None:
    given = rows(3)
    with started(logging_settings) as log:
        log.writer().write(given)
        listed = log.recent(2)
    assert [each.prediction_id for each in listed] == [given[2].prediction_id, given[1].prediction_id]
    expected = given[2]._asdict() | {"inputs": json.loads(given[2].inputs)}
    assert listed[0] == LoggedPrediction.model_validate(expected)
    assert listed[0].encounter_ref == REFERENCE


def test_each_commit_is_on_the_disk_and_it_says_so(logging_settings: Settings) -> None:
    with started(logging_settings) as log:
        durability = log.durability()
        assert log.probe().problems == ()
    assert durability.full and durability.problem is None
    on_sqlite = is_sqlite(engine_for(logging_settings, "RAW_DATA"))
    on_mysql = {"innodb_flush_log_at_trx_commit": 1, "sync_binlog": 1, "log_bin": 1}
    assert durability.settings == ({"synchronous": 2} if on_sqlite else on_mysql)


def test_a_probe_leaves_no_row(logging_settings: Settings) -> None:
    with started(logging_settings) as log:
        assert log.probe().place == "database"
        assert not in_table(logging_settings)


@pytest.mark.parametrize(
    "lacking",
    [COLUMNS[COLUMNS.index("request_id") :], COLUMNS[COLUMNS.index("shadow_version") :], ("request_id",)],
    ids=["two releases before", "the release before", "half migrated"],
)
def test_a_table_of_before_is_written_without_the_new_columns_until_it_has_them(
    lacking: tuple[str, ...], logging_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_lacking = lacking[0]

    def change(what: str) -> None:
        with engine_for(logging_settings, "RAW_DATA").begin() as connection:
            connection.execute(text(f"ALTER TABLE predictions {what}"))

    def found() -> dict[str, str | None]:
        with engine_for(logging_settings, "RAW_DATA").connect() as connection:
            query = text(f"SELECT prediction_id, {first_lacking} FROM predictions")
            return {row[0]: row[1] for row in connection.execute(query)}

    made = rows(3, **{first_lacking: "it", "shadow_probability": 0.5})
    for name in lacking:
        change(f"DROP COLUMN {name}")
    with started(logging_settings) as log:
        writer = log.writer()
        assert writer.write(made[:1]) == "database"
        (told,) = log.recent(1)
        assert (getattr(told, first_lacking), told.shadow_version, told.shadow_threshold) == (None, None, None)
        change(f"ADD COLUMN {first_lacking} VARCHAR(64)")
        assert writer.write(made[1:2]) == "database"
        monkeypatch.setattr(held_connection, "LOOK_AGAIN_SECONDS", 0.0)
        assert writer.write(made[2:]) == "database"
    assert found() == dict(zip([row.prediction_id for row in made], (None, None, "it"), strict=True))


def test_a_row_that_the_database_refuses_is_set_aside_and_the_others_are_in_the_table(
    logging_settings: Settings, poll: Poll, caplog: pytest.LogCaptureFixture
) -> None:
    if is_sqlite(engine_for(logging_settings, "RAW_DATA")):
        faults.narrow(logging_settings)
    good, bad = rows(5), rows(1, model_name="m" * 129)
    with started(logging_settings) as log:
        writer = log.writer()
        assert writer.write([*good[:2], *bad, *good[2:]]) == "journal"
        assert writer.write(rows(1)) == "database", "the others go on as before"
        poll(lambda: log.state().rows == 0, deadline=20, every=0.02)
        (problem,) = log.state().problems
    assert problem == "files in the journal's folder hold predictions that cannot get into the table: 1"
    kept = in_table(logging_settings)
    assert set(ids(good)) < set(kept) and not set(ids(bad)) & set(kept)
    (aside,) = (logging_settings.state_dir / "serving/journal").glob("*.refused")
    assert bad[0].prediction_id.encode() in aside.read_bytes() and aside.read_bytes().count(b"\n") == 1
    assert f"prediction {bad[0].prediction_id} does not get into the table" in caplog.text
    assert "mmm" not in caplog.text


def test_without_a_journal_the_database_alone_is_used_and_that_is_said(
    logging_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    place = logging_settings.state_dir / "serving"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("in the way")
    with started(logging_settings) as log:
        assert "there is no journal, predictions are logged in the database alone" in caplog.text
        writer = log.writer()
        assert writer.write(rows(1)) == "database"
        assert (log.probe().place, log.state().reason) == (
            "database",
            "the journal cannot be written (Not a directory)",
        )
        with engine_for(logging_settings, "RAW_DATA").begin() as connection:
            connection.execute(text("ALTER TABLE predictions RENAME TO elsewhere"))
        lost = rows(2)
        with pytest.raises(LogUnavailableError, match=r"there is no table RAW_DATA\.predictions.*; the journal cannot"):
            writer.write(lost)
        assert log.probe().place is None
        with engine_for(logging_settings, "RAW_DATA").begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO predictions"))
    assert not set(ids(lost)) & set(in_table(logging_settings))
