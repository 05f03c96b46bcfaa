"""What a refusal tells and logs, and how often a key may ask."""

import asyncio
import logging

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from app_back.access.door import Access, Door
from app_back.access.limits import Limits
from app_back.access.refusal_log import LINES, SECONDS, RefusalLog
from app_back.access.refusals import KeyMissingError, LimitError
from app_back.metrics import Metrics
from connections.api_keys import new_key
from connections.settings import Settings
from tests.unit.app_back.access.keys import KEYS


def test_a_refusal_is_logged_by_name_and_route_and_never_with_the_key(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="app_back")
    wrong = new_key()
    asyncio.run(_refused(settings, "/predictions?name=secreto", KEYS["predict"], "refused-1"))
    asyncio.run(_refused(settings, "/secreto", wrong, "refused-2"))
    refused = [record for record in caplog.records if "refused:" in record.getMessage()]
    told = [(record.getMessage(), *map(vars(record).get, ("request_id", "key", "status"))) for record in refused]
    assert told == [
        ("GET /predictions refused: forbidden", "refused-1", "of-predict", 403),
        ("GET other refused: unauthorized", "refused-2", None, 401),
    ]
    everything = "".join(str(vars(record)) for record in caplog.records if record.name.startswith("app_back"))
    assert wrong not in everything and KEYS["predict"] not in everything and "secreto" not in everything


async def _refused(settings: Settings, path: str, key: str, identifier: str) -> None:
    """Asks a door behind which there is nothing."""
    access = Access(settings)
    access.look()
    door = Door(_nothing, access, Metrics())
    transport = httpx.ASGITransport(lambda scope, receive, send: door({**scope, "state": {}}, receive, send))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        got = await http.get(path, headers={"X-API-Key": key, "X-Request-ID": identifier})
    assert got.headers["x-request-id"] == identifier and got.status_code in (401, 403)


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("a refused request came through")


def test_a_flood_of_refusals_is_a_few_lines_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="app_back")
    log = RefusalLog()
    for number in range(5_000):
        log.tell(KeyMissingError(sent=True), f"request-{number}", "POST", "/predict")
    assert len(caplog.records) == LINES
    log.end_minutes()
    assert len(caplog.records) == LINES, "its minute is not over"
    log.end_minutes(now=10**12)
    assert caplog.records[-1].getMessage() == f"{5_000 - LINES} more requests to /predict refused: unauthorized"
    assert SECONDS == 60 and len(caplog.records) == LINES + 1


def test_a_key_may_ask_as_often_as_its_limit_and_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("app_back.access.limits.monotonic", lambda: now[0])
    limits = Limits(120)
    for _ in range(120):
        limits.check("a")
    with pytest.raises(LimitError) as told:
        limits.check("a")
    assert (told.value.status, told.value.headers) == (429, {"Retry-After": "1"})
    limits.check("b")
    now[0] += 0.6
    limits.check("a")
    with pytest.raises(LimitError):
        limits.check("a")
    now[0] += 3_600
    for _ in range(120):
        limits.check("a")
    with pytest.raises(LimitError):
        limits.check("a")
    for _ in range(100_000):
        Limits(0).check("a")
