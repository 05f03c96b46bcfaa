"""Redirects to Airflow's own address lead on at the one that was asked, and others where they led."""

import httpx
import pytest
from starlette.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from readmission.airflow_login.redirects import RelativeRedirects

BASE = "http://ward.corp:8080"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("location", "seen"),
    [
        (f"{BASE}/auth/login/?next=/dags", "/auth/login/?next=/dags"),
        (BASE, "/"),
        (f"{BASE}/", "/"),
        (f"{BASE}80/", f"{BASE}80/"),
        ("https://elsewhere.org/", "https://elsewhere.org/"),
        ("/dags", "/dags"),
    ],
)
async def test_a_redirect_leads(location: str, seen: str) -> None:
    async def airflow(scope: Scope, receive: Receive, send: Send) -> None:
        await RedirectResponse(location)(scope, receive, send)

    transport = httpx.ASGITransport(app=RelativeRedirects(airflow, BASE))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9") as person:
        assert (await person.get("/")).headers["location"] == seen
