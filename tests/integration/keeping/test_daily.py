"""What is too old goes every day; a database that is away is no reason to end, and its error quotes no statement."""

import logging
from types import SimpleNamespace

import pytest

from connections.settings import Settings
from readmission.keeping import daily
from readmission.storage.databases import initialise


class Ended(Exception):
    """The test has seen enough."""


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that are made, of which the third ends the loop; time passes in them alone."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise Ended

    clock = SimpleNamespace(sleep=sleep, monotonic=lambda: 1_000.0 + sum(pauses))
    monkeypatch.setattr(daily, "time", clock)
    return pauses


def test_a_database_that_is_away_is_tried_again_soon_and_one_that_is_there_a_day_later(
    settings: Settings, slept: list[float], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[bool] = []

    def done(settings: Settings) -> bool:
        if runs:
            initialise(settings)
        runs.append(real(settings))
        return runs[-1]

    real = daily.done
    monkeypatch.setattr(daily, "done", done)
    with caplog.at_level(logging.WARNING), pytest.raises(Ended):
        daily.every_day_from_now_on(settings)
    assert runs == [False, True], "the second went well, so that the third look has nothing to do"
    assert slept == [daily.LOOK_SECONDS] * 3
    (line,) = [record.getMessage() for record in caplog.records if record.name == daily.__name__]
    assert line.startswith("what is too old is not deleted yet, and tried again soon: there is no database file")
    assert "SELECT" not in line
    assert (settings.state_dir / daily.ALIVE).is_file()
