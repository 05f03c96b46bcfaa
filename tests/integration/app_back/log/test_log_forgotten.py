"""What was forgotten while it waited beside the database does not come back into the table, from wherever it waited."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app_back.log import set_aside
from app_back.log.journal import Journal
from app_back.log.prediction_log import FOLDER
from app_back.log.records import record
from app_back.log.row import LoggedRow
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.clock import now
from readmission.keeping.forgetting import forget
from tests.conftest import Poll
from tests.integration.app_back.log.rows import REFERENCE, ids, in_table, rows, started


def in_the_journal(folder: Path, waiting: list[LoggedRow]) -> None:
    journal = Journal(folder, 1_000_000)
    journal.open()
    journal.append(waiting)
    journal.close()


def set_aside_as_refused(folder: Path, waiting: list[LoggedRow]) -> None:
    folder.mkdir(parents=True)
    set_aside.keep(folder / "one.rows", set_aside.REFUSED, [record([row]) for row in waiting])


@pytest.mark.parametrize("where", [in_the_journal, set_aside_as_refused])
def test_what_was_forgotten_is_dropped_and_the_rest_gets_in(
    logging_settings: Settings, where: object, poll: Poll
) -> None:
    of_encounter, (by_id,), others = rows(3), rows(1, encounter_ref=None), rows(2, encounter_ref="another")
    later = rows(1, created_at=now() + timedelta(minutes=1))
    folder = logging_settings.state_dir / FOLDER
    where(folder, [*of_encounter, by_id, *others, *later])  # type: ignore[operator]
    forget(logging_settings, "encounter_ref", REFERENCE)
    forget(logging_settings, "prediction", by_id.prediction_id)
    with started(logging_settings) as log:
        poll(lambda: log.state().rows == 0 and not any(folder.iterdir()), deadline=20, every=0.05)
    assert in_table(logging_settings) == ids([*others, *later])


def test_a_database_of_before_takes_what_waits(logging_settings: Settings, poll: Poll) -> None:
    waiting, folder = rows(3), logging_settings.state_dir / FOLDER
    in_the_journal(folder, waiting)
    with engine_for(logging_settings, "RAW_DATA").begin() as connection:
        connection.execute(text("DROP TABLE forgotten"))
    with started(logging_settings) as log:
        poll(lambda: log.state().rows == 0, deadline=20, every=0.05)
    assert in_table(logging_settings) == ids(waiting)
