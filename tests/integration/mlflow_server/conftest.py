"""A real MLflow server, asked over HTTP as each of its accounts."""

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from connections.settings import Settings
from tests.mlflow_admin import login_of

API = "/api/2.0/mlflow"


@dataclass(frozen=True)
class Asker:
    """Somebody who asks a server: with a login, or without."""

    settings: Settings
    login: tuple[str, str] | None

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """The answer to a request; `address` is the one of this machine that it comes from."""
        transport = httpx.HTTPTransport(local_address=options.pop("address", None))
        with httpx.Client(transport=transport, base_url=self.settings.url("mlflow"), timeout=30) as http:
            return http.request(method, path, json=body, auth=self.login, **options)

    def status_of(self, method: str, path: str, content: bytes = b"") -> int:
        """The status of a request whose path is sent as it is: clients of HTTP take `..` away."""
        server = urlsplit(self.settings.url("mlflow"))
        assert server.hostname and self.login
        connection = http.client.HTTPConnection(server.hostname, server.port, timeout=30)
        headers = {"Authorization": httpx.BasicAuth(*self.login)._auth_header}
        connection.request(method, path, content, headers)
        status = connection.getresponse().status
        connection.close()
        return status


As = Callable[..., Asker]


@pytest.fixture(scope="session")
def server(stores: Settings) -> Settings:
    """Settings of the session's server."""
    return stores


@pytest.fixture(scope="session")
def as_(server: Settings) -> As:
    """Who asks the session's server: `as_("api")`, with another password, or nobody."""

    def asker(account: str | None = None, password: str | None = None) -> Asker:
        if account is None:
            return Asker(server, None)
        known = password if password is not None else login_of(server, account)[1]
        return Asker(server, (account, known))

    return asker
