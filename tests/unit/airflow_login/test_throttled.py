"""Tries to get a token of Airflow are counted by account and address, and what is sent arrives as it was."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from connections.throttle import TRIES, Throttle
from readmission.airflow_login.throttled import ThrottledTokens


async def airflow(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers 201 to the right password, as Airflow does, with the size of what it was sent."""
    body = await Request(scope, receive).body()
    right = body.startswith(b"{") and json.loads(body).get("password") == "right"
    await JSONResponse({"size": len(body)}, 201 if right else 401)(scope, receive, send)


def client(address: str = "10.0.0.1", throttle: Throttle | None = None) -> httpx.AsyncClient:
    """What asks Airflow, from an address."""
    guarded = ThrottledTokens(airflow, throttle)
    transport = httpx.ASGITransport(app=guarded, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://airflow")


async def _tried(client: httpx.AsyncClient, times: int, password: str = "wrong", path: str = "/auth/token") -> set[int]:
    login = {"username": "ana", "password": password}
    return {(await client.post(path, json=login)).status_code for _ in range(times)}


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/auth/token", "/auth/token/", "/auth/token/cli"])
async def test_an_account_is_guessed_at_a_few_times_a_minute(path: str) -> None:
    airflow = client()
    assert await _tried(airflow, TRIES, path=path) == {401}
    assert await _tried(airflow, 3, path=path) == {429}
    other = await airflow.post(path, json={"username": "luis", "password": "right"})
    assert other.status_code == 201


@pytest.mark.anyio
async def test_guesses_from_elsewhere_keep_nobody_out() -> None:
    throttle = Throttle()
    assert await _tried(client("10.0.0.9", throttle), TRIES + 1) == {401, 429}
    assert await _tried(client("10.0.0.1", throttle), 1, "right") == {201}


@pytest.mark.anyio
async def test_who_knows_the_password_is_not_counted() -> None:
    airflow = client()
    assert await _tried(airflow, 3 * TRIES, "right") == {201}
    assert await _tried(airflow, TRIES) == {401}


@pytest.mark.anyio
@pytest.mark.parametrize("size", [0, 10, 9_999, 10_001, 300_000])
async def test_what_is_sent_arrives_whole(size: int) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for begin in range(0, size, 1_000):
            yield b"x" * min(1_000, size - begin)

    answer = await client().post("/auth/token", content=parts())
    assert (answer.status_code, answer.json()) == (401, {"size": size})


@pytest.mark.anyio
async def test_other_requests_are_let_through() -> None:
    airflow = client()
    assert {(await airflow.get("/api/v2/dags")).status_code for _ in range(3 * TRIES)} == {401}


@pytest.mark.anyio
@pytest.mark.parametrize("body", [b"[1]", b'{"username": 1}', b"{", b"\xff"])
async def test_a_body_without_an_account_counts_as_nobodys(body: bytes) -> None:
    airflow = client()
    statuses = [(await airflow.post("/auth/token", content=b" " + body)).status_code for _ in range(TRIES + 1)]
    assert statuses == [401] * TRIES + [429]
