"""What the ledger says was live is what answered: each logged prediction is held against it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.clock import now
from readmission.registry.ledger import Entry, entries, last_live
from readmission.registry.promotion import promote
from readmission.registry.rollback import roll_back
from tests.conftest import Poll
from tests.integration.app_back.served import register_unpromoted, write_served
from tests.integration.app_back.servers import own_settings, running_api
from tests.integration.app_back.test_api_following import asked_all_the_time

pytestmark = pytest.mark.slow

SERVED_WITHIN_SECONDS = 10


@dataclass(frozen=True)
class Followed:
    """An entry of the ledger, and when the service told that it had followed it."""

    entry: Entry
    noticed: datetime


def change(settings: Settings, to: str | None) -> None:
    """Promotes a version, or without one goes back."""
    name = settings.model_name
    if to is None:
        roll_back(settings, name, "it was wrong")
    else:
        promote(settings, name, to, f"approved {to}")


def live_version(settings: Settings) -> str | None:
    entry = last_live(entries(settings, settings.model_name))
    return entry.to_version if entry else None


def follow(settings: Settings, http: httpx.Client, poll: Poll, to: str | None) -> Followed:
    change(settings, to)
    poll(lambda: http.get("/model").json().get("version") == live_version(settings))
    return Followed(entries(settings, settings.model_name)[-1], now())


def test_each_prediction_is_of_the_version_that_was_live_by_the_ledger(
    stores: Settings, tmp_path: Path, poll: Poll
) -> None:
    """While the service had not noticed yet, from a change's entry until it told the new version, either may answer."""
    settings = own_settings(stores, tmp_path, "history")
    for seed in (1, 2, 3):
        register_unpromoted(settings, write_served(tmp_path / f"files{seed}", seed), tmp_path / f"logged{seed}")
    with running_api(settings) as http:
        poll(lambda: http.get("/health/live").status_code == 200)
        first = follow(settings, http, poll, "1")
        with asked_all_the_time(http.base_url):
            followed = [first, *(follow(settings, http, poll, to) for to in ("2", "3", None, "3", None, None))]
            poll(lambda: http.post("/predict", json={}).json()["model_version"] == "1")
    assert [step.entry.to_version for step in followed] == ["1", "2", "3", "2", "3", "2", "1"]
    assert max((step.noticed - step.entry.happened_at).total_seconds() for step in followed) < SERVED_WITHIN_SECONDS
    certain = hold_against(settings, followed)
    assert {version for version, _ in certain} == {"1", "2", "3"} and len({place for _, place in certain}) == 7


def hold_against(settings: Settings, followed: list[Followed]) -> list[tuple[str, int]]:
    """By prediction outside of those moments the version that answered, and after how many changes."""
    told, certain = entries(settings, settings.model_name), []
    with engine_for(settings, "RAW_DATA").connect() as connection:
        logged = connection.execute(select(predictions.c.created_at, predictions.c.model_version)).all()
    for moment, version in logged:
        step = [one for one in followed if one.entry.happened_at <= moment][-1]
        entry = last_live(told, moment)
        assert entry == step.entry
        if moment > step.noticed:
            assert version == entry.to_version, f"version {version} answered at {moment}"
            certain.append((version, followed.index(step)))
        else:
            assert version in (entry.from_version, entry.to_version)
    return certain
